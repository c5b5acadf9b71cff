// Starts V8's sampling heap profiler with other flags than the inspector does: the inspector's make each reading force
// a full GC (SamplingFlags::kSamplingForceGC) in the running service. Reading still goes through the inspector.
//
// The functions are looked up as in heap_objects.cc. If one is missing, only sampling is refused.

#include "addon.h"

#include <dlfcn.h>
#include <node_api.h>

#if defined(__x86_64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

namespace {

constexpr int kSamplingNoFlags = 0;

void* (*current_isolate)();
void* (*heap_profiler)(void* isolate);
bool (*start_sampling)(void* profiler, uint64_t interval, int stack_depth, int flags);
void (*stop_sampling)(void* profiler);

bool Resolve(const char* name, void* into) {
  void* found = dlsym(RTLD_DEFAULT, name);
  *static_cast<void**>(into) = found;
  return found != nullptr;
}

bool ResolveSampling() {
  return Resolve("_ZN2v87Isolate10GetCurrentEv", &current_isolate) &&
         Resolve("_ZN2v87Isolate15GetHeapProfilerEv", &heap_profiler) &&
         Resolve("_ZN2v812HeapProfiler25StartSamplingHeapProfilerEmiNS0_13SamplingFlagsE", &start_sampling) &&
         Resolve("_ZN2v812HeapProfiler24StopSamplingHeapProfilerEv", &stop_sampling);
}

// A profiler that still samples when its isolate is torn down frees memory twice (Node 24: a signal kills the process).
void EndWithEnvironment(void* isolate) { stop_sampling(heap_profiler(isolate)); }

}  // namespace

napi_value StartHeapSampling(napi_env env, napi_callback_info info) {
  napi_value arguments[2] = {nullptr, nullptr};
  size_t count = 2;
  double interval = 0;
  int32_t frames = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_double(env, arguments[0], &interval);
  napi_get_value_int32(env, arguments[1], &frames);
  const bool begun =
      interval >= 1 && frames >= 1 && ResolveSampling() &&
      start_sampling(heap_profiler(current_isolate()), static_cast<uint64_t>(interval), frames, kSamplingNoFlags);
  if (begun) {
    // Adding a hook twice is an error; removing one that was never added is not.
    napi_remove_env_cleanup_hook(env, EndWithEnvironment, current_isolate());
    napi_add_env_cleanup_hook(env, EndWithEnvironment, current_isolate());
  }
  napi_value result;
  napi_get_boolean(env, begun, &result);
  return result;
}

napi_value StopHeapSampling(napi_env env, napi_callback_info) {
  if (!ResolveSampling()) return nullptr;
  stop_sampling(heap_profiler(current_isolate()));
  napi_remove_env_cleanup_hook(env, EndWithEnvironment, current_isolate());
  return nullptr;
}
