// The native writer of heap graphs: Node-API's side of it. docs/architecture/heap-graph.md explains the whole.
//
//   parent   prepareGraph() looks up what the running Node exports, once, on a thread of libuv's pool.
//   child    writeGraph() walks the heap and writes a .heapsnapshot to a descriptor. Only there: it takes memory that it
//            never frees, ends the process if a check fails, and relies on nothing else running.
//
// Between reading the first address and the last nothing moves: the child has one thread, which is in writeGraph(), and V8
// runs nothing but its own visitor of roots.

#include <node_api.h>
#include <stdlib.h>
#include <time.h>

#include "../addon.h"
#include "checks.h"
#include "discover.h"
#include "layout.h"
#include "memory.h"
#include "problem.h"
#include "roots.h"
#include "space.h"
#include "survey.h"
#include "symbols.h"
#include "types.h"
#include "writer.h"

namespace {

enum : int { kNotLoaded, kLoading, kLoaded };
int state = kNotLoaded;
const char* missing = nullptr;

// Threads of several isolates may ask at once; the process has one set of symbols.
void Load() {
  int expected = kNotLoaded;
  if (__atomic_compare_exchange_n(&state, &expected, kLoading, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    missing = graph::LoadSymbols();
    if (missing == nullptr) missing = graph::LoadLayout();
    __atomic_store_n(&state, kLoaded, __ATOMIC_RELEASE);
  }
  while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != kLoaded) {
    const timespec pause = {0, 1000000};
    nanosleep(&pause, nullptr);
  }
}

struct Preparation {
  napi_async_work work;
  napi_deferred deferred;
};

void FinishPreparation(napi_env env, napi_status, void* data) {
  Preparation* preparation = static_cast<Preparation*>(data);
  napi_value result;
  if (missing == nullptr) napi_get_null(env, &result);
  else napi_create_string_utf8(env, missing, NAPI_AUTO_LENGTH, &result);
  napi_resolve_deferred(env, preparation->deferred, result);
  napi_delete_async_work(env, preparation->work);
  free(preparation);
}

}  // namespace

napi_value PrepareGraph(napi_env env, napi_callback_info) {
  Preparation* preparation = static_cast<Preparation*>(calloc(1, sizeof(Preparation)));
  napi_value promise = nullptr, name;
  const auto run = [](napi_env, void*) { Load(); };
  const bool made = preparation != nullptr &&
                    napi_create_string_utf8(env, "leakwatch:graph", NAPI_AUTO_LENGTH, &name) == napi_ok &&
                    napi_create_async_work(env, nullptr, name, run, FinishPreparation, preparation, &preparation->work) ==
                        napi_ok;
  if (made && napi_create_promise(env, &preparation->deferred, &promise) == napi_ok &&
      napi_queue_async_work(env, preparation->work) == napi_ok) {
    return promise;
  }
  if (made) napi_delete_async_work(env, preparation->work);
  free(preparation);
  napi_throw_error(env, "ENOMEM", "the graph cannot be prepared");
  return nullptr;
}

napi_value WriteGraph(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value plan, samples, value;
  napi_get_cb_info(env, info, &count, &plan, nullptr, nullptr);
  SharedPage* page = PageOfChild();
  if (page == nullptr || __atomic_load_n(&state, __ATOMIC_ACQUIRE) != kLoaded || missing != nullptr) {
    napi_throw_error(env, "EINVAL", "a graph is written in a child, after it was prepared");
    return nullptr;
  }
  // Handles of ours would be roots of the graph.
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  double output = -1;
  bool by_handed = false;
  napi_get_named_property(env, plan, "output", &value);
  napi_get_value_double(env, value, &output);
  napi_get_named_property(env, plan, "handedOnly", &value);
  napi_get_value_bool(env, value, &by_handed);
  napi_get_named_property(env, plan, "samples", &samples);
  graph::MapSpace();
  graph::LearnTypes(env, samples);
  graph::ReadPlan(env, plan);
  const graph::Word plain = graph::Named(env, samples, "plain"), proxy = graph::Named(env, samples, "global");
  const graph::Word global = graph::WordAt(graph::WordAt(proxy, 0), static_cast<size_t>(graph::at.map_prototype));
  napi_close_handle_scope(env, scope);

  const bool v8_roots = !by_handed && graph::FindRoots(plain);
  page->graph.v8_roots = v8_roots ? 1 : 0;
  if (!v8_roots) graph::UseHandedRoots();
  graph::DiscoverAll();
  graph::Survey(global);
  page->graph.nodes = static_cast<double>(graph::surveyed.nodes);
  page->graph.edges = static_cast<double>(graph::surveyed.edges);
  page->graph.self_bytes = graph::sizes.self_bytes;
  page->graph.false_marks = static_cast<double>(graph::discovered.false_marks);
  graph::CheckGraph(v8_roots);
  graph::Write(static_cast<int>(output));
  page->graph.own_bytes = static_cast<double>(graph::MemoryTaken());
  page->graph.problem = kGraphWritten;
  return nullptr;
}
