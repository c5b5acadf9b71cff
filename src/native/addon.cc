// Node-API glue: the functions that binding.ts declares. No logic; every failure becomes an Error with a `code`.

#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// Only one fork at a time in a process: its threads share the table of slots.
bool forking = false;

// Errors that fork, wait, pipe and the files in /proc can return.
struct ErrorName {
  int error;
  const char* name;
};
const ErrorName kErrorNames[] = {
    {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EBUSY, "EBUSY"},   {EPERM, "EPERM"},   {EACCES, "EACCES"}, {ENOENT, "ENOENT"},
    {EINVAL, "EINVAL"}, {ENOSYS, "ENOSYS"}, {ECHILD, "ECHILD"}, {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {EBADF, "EBADF"},
};

napi_value ThrowErrno(napi_env env, const char* what, int error) {
  char message[160];
  snprintf(message, sizeof(message), "%s: %s", what, strerror(error));
  char code[16];
  snprintf(code, sizeof(code), "errno %d", error);
  const char* name = code;
  for (const ErrorName& known : kErrorNames) {
    if (known.error == error) name = known.name;
  }
  napi_throw_error(env, name, message);
  return nullptr;
}

napi_value Number(napi_env env, double value) {
  napi_value result;
  return napi_create_double(env, value, &result) == napi_ok ? result : nullptr;
}

napi_value TextOrNull(napi_env env, const char* text) {
  napi_value result = nullptr;
  if (text == nullptr) napi_get_null(env, &result);
  else napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

double Get(napi_env env, napi_value object, const char* name) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number;
}

void* External(napi_env env, napi_value object, const char* name) {
  napi_value value;
  void* data = nullptr;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_external(env, value, &data);
  return data;
}

napi_value Argument(napi_env env, napi_callback_info info, size_t index) {
  napi_value arguments[2] = {nullptr, nullptr};
  size_t count = 2;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  return arguments[index];
}

// --- scan(): Promise<Mappings>

struct Scan {
  napi_async_work work;
  napi_deferred deferred;
  Mappings* mappings;
  int error;
};

void RunScan(napi_env, void* data) {
  Scan* scan = static_cast<Scan*>(data);
  scan->mappings = ScanMappings();
  scan->error = scan->mappings == nullptr ? errno : 0;
}

void FinishScan(napi_env env, napi_status status, void* data) {
  Scan* scan = static_cast<Scan*>(data);
  napi_value result;
  const auto release = [](napi_env, void* mappings, void*) { FreeMappings(static_cast<Mappings*>(mappings)); };
  if (status == napi_ok && scan->mappings != nullptr &&
      napi_create_external(env, scan->mappings, release, nullptr, &result) == napi_ok) {
    napi_resolve_deferred(env, scan->deferred, result);
  } else {
    FreeMappings(scan->mappings);
    ThrowErrno(env, "/proc/self/smaps", scan->error);
    napi_get_and_clear_last_exception(env, &result);
    napi_reject_deferred(env, scan->deferred, result);
  }
  napi_delete_async_work(env, scan->work);
  free(scan);
}

napi_value StartScan(napi_env env, napi_callback_info) {
  Scan* scan = static_cast<Scan*>(calloc(1, sizeof(Scan)));
  if (scan == nullptr) return ThrowErrno(env, "scan", ENOMEM);
  napi_value promise, name;
  if (napi_create_string_utf8(env, "leakwatch:scan", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, nullptr, name, RunScan, FinishScan, scan, &scan->work) == napi_ok) {
    if (napi_create_promise(env, &scan->deferred, &promise) == napi_ok &&
        napi_queue_async_work(env, scan->work) == napi_ok) {
      return promise;
    }
    napi_delete_async_work(env, scan->work);
  }
  free(scan);
  return ThrowErrno(env, "scan", EINVAL);
}

// --- fork(options, job)

SharedPage* CreatePage() {
  void* page = mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? nullptr : static_cast<SharedPage*>(page);
}

void ReleasePage(napi_env, void* page, void*) { munmap(page, sizeof(SharedPage)); }

// In the child: runs the job and ends the process.
[[noreturn]] void RunJob(napi_env env, napi_value job, SharedPage* page) {
  napi_value undefined, result, error, text;
  napi_get_undefined(env, &undefined);
  RaiseHeapLimit();
  if (napi_call_function(env, undefined, job, 0, nullptr, &result) == napi_ok) LeaveChild(kExitDone);
  size_t length;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok &&
      napi_coerce_to_string(env, error, &text) == napi_ok) {
    napi_get_value_string_utf8(env, text, page->message, sizeof(page->message), &length);
  }
  LeaveChild(kExitThrew);
}

napi_value Fork(napi_env env, napi_callback_info info) {
  napi_value options = Argument(env, info, 0);
  napi_value job = Argument(env, info, 1);
  Mappings* mappings = static_cast<Mappings*>(External(env, options, "mappings"));
  ForkOptions wanted;
  wanted.output = static_cast<int>(Get(env, options, "output"));
  wanted.allotment_bytes = static_cast<uint64_t>(Get(env, options, "allotmentBytes"));
  wanted.limit_ms = static_cast<uint32_t>(Get(env, options, "limitMs"));
  wanted.niceness = static_cast<int>(Get(env, options, "niceness"));
  wanted.sealed = Get(env, options, "sealed") != 0;
  if (mappings == nullptr) return ThrowErrno(env, "mappings", EINVAL);
  SharedPage* page = CreatePage();
  if (page == nullptr) return ThrowErrno(env, "mmap", errno);
  if (__atomic_test_and_set(&forking, __ATOMIC_ACQUIRE)) {
    ReleasePage(env, page, nullptr);
    return ThrowErrno(env, "another thread of this process is forking", EBUSY);
  }
  const ForkResult forked = ForkInheriting(mappings, wanted, page);
  if (forked.pid == 0) RunJob(env, job, page);
  __atomic_clear(&forking, __ATOMIC_RELEASE);
  if (forked.pid < 0) {
    ReleasePage(env, page, nullptr);
    return ThrowErrno(env, "fork", forked.error);
  }
  AddChild(env, forked.pid);
  napi_value result, shared;
  napi_create_object(env, &result);
  napi_create_external(env, page, ReleasePage, nullptr, &shared);
  const MappingCounts counts = CountMappings(mappings);
  Set(env, result, "pid", Number(env, forked.pid));
  Set(env, result, "blockedMs", Number(env, forked.blocked_ms));
  Set(env, result, "forkMs", Number(env, forked.fork_ms));
  Set(env, result, "mappings", Number(env, counts.kept));
  Set(env, result, "unknownMappings", Number(env, counts.unknown));
  Set(env, result, "page", shared);
  return result;
}

// --- wait(pid), words(page), tellLiveBytes(bytes), pipe(), close(descriptor), waiting(readFd)

napi_value Wait(napi_env env, napi_callback_info info) {
  double pid = 0;
  napi_get_value_double(env, Argument(env, info, 0), &pid);
  int status;
  rusage usage;
  pid_t ended;
  do {
    ended = wait4(static_cast<pid_t>(pid), &status, WNOHANG, &usage);
  } while (ended < 0 && errno == EINTR);
  napi_value result;
  if (ended == 0) {
    napi_get_null(env, &result);
    return result;
  }
  const int error = errno;
  RemoveChild(env, static_cast<pid_t>(pid));
  if (ended < 0) return ThrowErrno(env, "wait", error);
  napi_create_object(env, &result);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  Set(env, result, "exitCode", Number(env, WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  Set(env, result, "signal", Number(env, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
  Set(env, result, "cpuSeconds", Number(env, seconds(usage.ru_utime) + seconds(usage.ru_stime)));
  return result;
}

napi_value GraphWords(napi_env env, const GraphFigures& graph) {
  napi_value result;
  napi_create_object(env, &result);
  Set(env, result, "problem", Number(env, graph.problem));
  Set(env, result, "v8Roots", Number(env, graph.v8_roots));
  Set(env, result, "found", Number(env, graph.found));
  Set(env, result, "expected", Number(env, graph.expected));
  Set(env, result, "nodes", Number(env, graph.nodes));
  Set(env, result, "edges", Number(env, graph.edges));
  Set(env, result, "selfBytes", Number(env, graph.self_bytes));
  Set(env, result, "ownBytes", Number(env, graph.own_bytes));
  Set(env, result, "falseMarks", Number(env, graph.false_marks));
  return result;
}

napi_value Words(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_value_external(env, Argument(env, info, 0), &data);
  const SharedPage* page = static_cast<const SharedPage*>(data);
  if (page == nullptr) return ThrowErrno(env, "page", EINVAL);
  napi_value result, message;
  napi_create_object(env, &result);
  napi_create_string_utf8(env, page->message, strnlen(page->message, sizeof(page->message)), &message);
  Set(env, result, "peakBytes", Number(env, static_cast<double>(page->peak_bytes)));
  Set(env, result, "liveBytes", Number(env, page->live_bytes));
  Set(env, result, "message", message);
  Set(env, result, "graph", GraphWords(env, page->graph));
  return result;
}

napi_value TellLiveBytes(napi_env env, napi_callback_info info) {
  double bytes = 0;
  napi_get_value_double(env, Argument(env, info, 0), &bytes);
  if (PageOfChild() != nullptr) PageOfChild()->live_bytes = bytes;
  return nullptr;
}

napi_value Waiting(napi_env env, napi_callback_info info) {
  double descriptor = -1;
  int bytes = 0;
  napi_get_value_double(env, Argument(env, info, 0), &descriptor);
  if (ioctl(static_cast<int>(descriptor), FIONREAD, &bytes) != 0) return ThrowErrno(env, "waiting", errno);
  return Number(env, bytes);
}

// Not fs.closeSync: Node warns a worker about each descriptor that fs did not open ("closed but not opened").
napi_value Close(napi_env env, napi_callback_info info) {
  double descriptor = -1;
  napi_get_value_double(env, Argument(env, info, 0), &descriptor);
  if (close(static_cast<int>(descriptor)) != 0) return ThrowErrno(env, "close", errno);
  return nullptr;
}

napi_value Pipe(napi_env env, napi_callback_info) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ThrowErrno(env, "pipe", errno);
  napi_value result;
  napi_create_object(env, &result);
  Set(env, result, "readFd", Number(env, ends[0]));
  Set(env, result, "writeFd", Number(env, ends[1]));
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"scan", nullptr, StartScan, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"fork", nullptr, Fork, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"wait", nullptr, Wait, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"words", nullptr, Words, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"pipe", nullptr, Pipe, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"tellLiveBytes", nullptr, TellLiveBytes, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"waiting", nullptr, Waiting, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"largeCollections", nullptr, LargeCollections, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"walkCollections", nullptr, WalkCollections, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"census", nullptr, Census, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"prepareGraph", nullptr, PrepareGraph, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"writeGraph", nullptr, WriteGraph, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"startHeapSampling", nullptr, StartHeapSampling, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"stopHeapSampling", nullptr, StopHeapSampling, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"heapSamplingObjects", nullptr, HeapSamplingObjects, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  StartChildren(env);
  Set(env, exports, "unsupported", TextOrNull(env, WhyUnsupported()));
  Set(env, exports, "missingSymbol", TextOrNull(env, ResolveHeapObjects()));
  return exports;
}
