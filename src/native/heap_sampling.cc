// Starts V8's sampling heap profiler with other flags than the inspector does: the inspector's make each reading force
// a full GC (SamplingFlags::kSamplingForceGC) in the running service. Reading still goes through the inspector, which
// multiplies the size of objects by their number; only the number is read here.
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

namespace sampled {

// Of v8-profiler.h, the same in Node 20, 22, 24 and 26. A vector begins with its two ends in both C++ libraries.
template <typename T>
struct Vector {
  T* begin;
  T* end;
  T* capacity;
};
struct Allocation {
  size_t size;
  unsigned int count;
};
struct ProfileNode {
  void* name;
  void* script_name;
  int script_id, start_position, line, column;
  uint32_t id;
  Vector<ProfileNode*> children;
  Vector<Allocation> allocations;
};
// Not in the unnamed namespace: there the compiler would know that nothing derives from it, and call it directly.
class AllocationProfile {
 public:
  virtual ProfileNode* GetRootNode() = 0;
  virtual const void* GetSamples() = 0;
  virtual ~AllocationProfile() = default;
};

}  // namespace sampled

namespace {

using sampled::AllocationProfile;
using sampled::Allocation;
using sampled::ProfileNode;

constexpr int kSamplingNoFlags = 0;

void* (*current_isolate)();
void* (*heap_profiler)(void* isolate);
bool (*start_sampling)(void* profiler, uint64_t interval, int stack_depth, int flags);
void (*stop_sampling)(void* profiler);
AllocationProfile* (*allocation_profile)(void* profiler);

// Numbers for each stack that holds memory: id of its node, bytes, objects.
constexpr size_t kFields = 3;

// Counts them; writes them where `out` is given. A tree is at most as deep as the stacks that V8 records.
size_t Walk(const ProfileNode* node, double* out) {
  double bytes = 0;
  double objects = 0;
  for (const Allocation* one = node->allocations.begin; one != node->allocations.end; one++) {
    bytes += static_cast<double>(one->size) * one->count;
    objects += one->count;
  }
  size_t written = 0;
  if (objects > 0) {
    written = kFields;
    if (out != nullptr) {
      out[0] = node->id;
      out[1] = bytes;
      out[2] = objects;
    }
  }
  for (ProfileNode** child = node->children.begin; child != node->children.end; child++)
    written += Walk(*child, out == nullptr ? nullptr : out + written);
  return written;
}

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

napi_value HeapSamplingObjects(napi_env env, napi_callback_info) {
  napi_value result;
  napi_get_null(env, &result);
  if (!ResolveSampling() || !Resolve("_ZN2v812HeapProfiler20GetAllocationProfileEv", &allocation_profile)) return result;
  AllocationProfile* profile = allocation_profile(heap_profiler(current_isolate()));
  if (profile == nullptr) return result;
  const size_t numbers = Walk(profile->GetRootNode(), nullptr);
  void* data = nullptr;
  napi_value buffer;
  if (napi_create_arraybuffer(env, numbers * sizeof(double), &data, &buffer) == napi_ok &&
      napi_create_typedarray(env, napi_float64_array, numbers, buffer, 0, &result) == napi_ok && numbers > 0)
    Walk(profile->GetRootNode(), static_cast<double*>(data));
  delete profile;
  return result;
}
