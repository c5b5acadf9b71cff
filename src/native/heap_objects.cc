// Looks into the heap of the forked child: which collections are large, and how many objects each hidden class has.
//
// heap_walk.cc follows pointers from the objects that JavaScript can reach. If it does not find everything it should
// (an unknown object layout), V8 walks its heap itself: HeapProfiler::QueryObjects runs a full GC and then calls a
// predicate for each JavaScript object. That takes more memory than the heap and ten times as long. QueryObjects, the
// few other functions and the constants (heap_layout.h) are exported by Node 20, 22, 24 and 26 under the same names.
// They are looked up when the addon is loaded, so one binary serves all versions. If one is missing,
// ResolveHeapObjects() returns its name, and captures are full ones.
//
// The C++ types of V8 that cross the boundary are laid out by hand, so that none of V8's inline code, which changes
// from version to version, is compiled in:
//   Local<T>                  the address of a slot that holds a tagged pointer; passed and returned in a register
//   Global<T>                 the same, as the only member of a class; so an element of the result vector is a napi_value
//   std::vector               begin, end, end of storage (libstdc++)
//   QueryObjectPredicate      a pointer to its vtable: two destructors, then Filter(Local<Object>)
//
// Only for the child.

#include "addon.h"

#include <dlfcn.h>
#include <node_api.h>
#include <stdlib.h>

#include "heap_layout.h"

// Binds to the first version of dlsym, so that a binary compiled on a new system loads on an old one: glibc 2.34 moved
// it from libdl to libc. The loader looks for symbol and version only, not for the library they came from.
#if defined(__x86_64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

HeapLayout layout;

namespace {

struct Vector {
  Slot* begin;
  Slot* end;
  Slot* storage_end;
};

// Looked up in the executable by ResolveHeapObjects().
void* (*current_isolate)();
Slot (*current_context)(void* isolate);
void* (*heap_profiler)(void* isolate);
void (*query_objects)(void* profiler, Slot context, void* predicate, Vector* found);
// Node 20 passes the address of the pointer, later versions the pointer.
Slot (*globalize_at)(void* isolate, uintptr_t* object);
Slot (*globalize)(void* isolate, uintptr_t object);
void (*dispose)(Slot slot);
// Optional.
void (*add_near_heap_limit_callback)(void* isolate, size_t (*callback)(void*, size_t, size_t), void* data);

// Room for V8's snapshot generator, which allocates a few percent of the heap on the heap. Beyond that the child
// crashes.
constexpr size_t kExtraHeapBytes = size_t{256} << 20;

size_t HigherLimit(void*, size_t current, size_t initial) {
  return current < initial + kExtraHeapBytes ? initial + kExtraHeapBytes : current;
}

struct Symbol {
  const char* name;
  void* into;
};

const Symbol kSymbols[] = {
    {"_ZN2v87Isolate10GetCurrentEv", &current_isolate},
    {"_ZN2v87Isolate17GetCurrentContextEv", &current_context},
    {"_ZN2v87Isolate15GetHeapProfilerEv", &heap_profiler},
    {"_ZN2v812HeapProfiler12QueryObjectsENS_5LocalINS_7ContextEEEPNS_20QueryObjectPredicateEPSt6vectorINS_6GlobalINS_"
     "6ObjectEEESaIS9_EE",
     &query_objects},
    {"_ZN2v812api_internal13DisposeGlobalEPm", &dispose},
    {"v8dbg_class_HeapObject__map__Map", &layout.map_offset},
    {"v8dbg_class_JSObject__elements__Object", &layout.elements_offset},
    {"v8dbg_class_FixedArrayBase__length__SMI", &layout.array_length_offset},
    {"v8dbg_class_Map__instance_type__uint16_t", &layout.type_offset},
    {"v8dbg_class_Map__instance_size_in_words__char", &layout.words_offset},
    {"v8dbg_class_Map__bit_field3__int", &layout.bits_offset},
    {"v8dbg_class_Map__prototype__Object", &layout.prototype_offset},
    {"v8dbg_bit_field3_is_dictionary_map_shift", &layout.dictionary_shift},
    {"v8dbg_class_Map__instance_descriptors_offset", &layout.descriptors_offset},
    {"v8dbg_bit_field3_number_of_own_descriptors_shift", &layout.own_descriptors_shift},
    {"v8dbg_bit_field3_number_of_own_descriptors_mask", &layout.own_descriptors_mask},
    {"v8dbg_class_DescriptorArray__header_size__uintptr_t", &layout.descriptors_header},
    {"v8dbg_prop_desc_size", &layout.descriptor_words},
    {"v8dbg_prop_desc_value", &layout.descriptor_value},
    {"v8dbg_type_JSMap__JS_MAP_TYPE", &layout.map_type},
    {"v8dbg_type_JSSet__JS_SET_TYPE", &layout.set_type},
    {"v8dbg_type_JSArray__JS_ARRAY_TYPE", &layout.array_type},
    {"v8dbg_type_JSObject__JS_OBJECT_TYPE", &layout.object_type},
    {"v8dbg_type_Map__MAP_TYPE", &layout.map_class_type},
    {"v8dbg_type_HeapNumber__HEAP_NUMBER_TYPE", &layout.number_type},
    {"v8dbg_type_PropertyArray__PROPERTY_ARRAY_TYPE", &layout.property_array_type},
    {"v8dbg_FirstNonstringType", &layout.first_nonstring_type},
    {"v8dbg_FirstContextType", &layout.first_context_type},
    {"v8dbg_LastContextType", &layout.last_context_type},
    // The first type of JavaScript objects, apart from those of WebAssembly.
    {"v8dbg_type_JSProxy__JS_PROXY_TYPE", &layout.first_receiver_type},
};

struct Predicate {
  void* const* table;
  int64_t threshold;
};

void Destroy(Predicate*) {}

bool IsLarge(Predicate* predicate, Slot slot) {
  CountObject(*slot);
  return MembersOf(*slot) > predicate->threshold;
}

// --- The census: a table with open addressing, keyed by hidden class, which V8 does not move while the heap is walked.

struct Class {
  uintptr_t hidden_class;
  uintptr_t representative;
  uint32_t count;
  uint32_t bytes_each;
};

// Programs have some thousands of hidden classes. Objects of classes beyond the limit are only counted, in left_out.
constexpr size_t kMaxClasses = 1 << 16;
constexpr size_t kTableSize = 2 * kMaxClasses;
Class* classes = nullptr;
size_t class_count = 0;
uint32_t left_out = 0;

template <typename F>
bool Resolve(const char* name, F* into) {
  void* address = dlsym(RTLD_DEFAULT, name);
  memcpy(into, &address, sizeof(address));
  return address != nullptr;
}

}  // namespace

void CountObject(uintptr_t object) {
  if (classes == nullptr) classes = static_cast<Class*>(calloc(kTableSize, sizeof(Class)));
  if (classes == nullptr) return;
  const uintptr_t hidden_class = HiddenClass(object);
  size_t at = (hidden_class >> 3) * 0x9E3779B97F4A7C15u % kTableSize;
  while (classes[at].hidden_class != 0 && classes[at].hidden_class != hidden_class) at = (at + 1) % kTableSize;
  if (classes[at].hidden_class == hidden_class) {
    classes[at].count++;
  } else if (class_count == kMaxClasses) {
    left_out++;
  } else {
    class_count++;
    const uint32_t words = Field<uint8_t>(hidden_class, *layout.words_offset);
    classes[at] = Class{hidden_class, object, 1, words * static_cast<uint32_t>(sizeof(uintptr_t))};
  }
}

void* FindSymbol(const char* name) { return dlsym(RTLD_DEFAULT, name); }

Slot Globalize(uintptr_t object) {
  void* isolate = current_isolate();
  return globalize != nullptr ? globalize(isolate, object) : globalize_at(isolate, &object);
}

const char* WhyUnsupported() {
  const int* shift = static_cast<const int*>(dlsym(RTLD_DEFAULT, "v8dbg_SmiShiftSize"));
  if (shift == nullptr) return "this Node.js does not export V8's symbols";
  if (*shift + 1 != static_cast<int>(kSmallIntegerShift)) return "this V8 compresses its pointers";
  // musl's fork leaves malloc as it was, possibly locked; musl's loader may stand in for glibc's.
  if (dlsym(RTLD_DEFAULT, "gnu_get_libc_version") == nullptr) return "the C library is not glibc";
  return nullptr;
}

const char* ResolveHeapObjects() {
  Resolve("_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_", &add_near_heap_limit_callback);
  for (const Symbol& symbol : kSymbols) {
    if (!Resolve(symbol.name, static_cast<void**>(symbol.into))) return symbol.name;
  }
  const char* name = "_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm";
  if (Resolve(name, &globalize)) return nullptr;
  return Resolve("_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEPm", &globalize_at) ? nullptr : name;
}

void RaiseHeapLimit() {
  if (current_isolate != nullptr && add_near_heap_limit_callback != nullptr) {
    add_near_heap_limit_callback(current_isolate(), HigherLimit, nullptr);
  }
}

// A handle that still exists would appear in the snapshot, with "(Global handles)" as the object's holder.
void Take(napi_env env, napi_value list, uint32_t index, Slot slot) {
  napi_set_element(env, list, index, reinterpret_cast<napi_value>(slot));
  dispose(slot);
}

void StartCount() {
  free(classes);
  classes = nullptr;
  class_count = left_out = 0;
}

void KeepRepresentatives() {
  for (size_t at = 0; classes != nullptr && at < kTableSize; at++) {
    Class& counted = classes[at];
    if (counted.hidden_class != 0) counted.representative = reinterpret_cast<uintptr_t>(Globalize(counted.representative));
  }
}

static Vector Query(int64_t threshold, bool counting) {
  static void* const table[] = {reinterpret_cast<void*>(Destroy), reinterpret_cast<void*>(Destroy),
                                reinterpret_cast<void*>(IsLarge)};
  Predicate predicate = {table, threshold};
  Vector found = {nullptr, nullptr, nullptr};
  void* isolate = current_isolate();
  StartCount();
  query_objects(heap_profiler(isolate), current_context(isolate), &predicate, &found);
  if (counting) KeepRepresentatives();
  else StartCount();
  return found;
}

napi_value LargeCollections(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  double threshold = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_double(env, argument, &threshold);
  const Vector found = Query(static_cast<int64_t>(threshold), false);
  napi_create_array(env, &result);
  uint32_t index = 0;
  for (Slot* slot = found.begin; slot != found.end; slot++) {
    Take(env, result, index++, *slot);
  }
  return result;
}

napi_value Census(napi_env env, napi_callback_info) {
  napi_value result, number;
  if (classes == nullptr) Query(INT64_MAX, true);
  napi_create_array(env, &result);
  uint32_t index = 0;
  for (size_t at = 0; classes != nullptr && at < kTableSize; at++) {
    const Class& counted = classes[at];
    if (counted.hidden_class == 0) continue;
    Take(env, result, index++, reinterpret_cast<Slot>(counted.representative));
    napi_create_double(env, counted.count, &number);
    napi_set_element(env, result, index++, number);
    napi_create_double(env, static_cast<double>(counted.count) * counted.bytes_each, &number);
    napi_set_element(env, result, index++, number);
  }
  napi_create_double(env, left_out, &number);
  napi_set_element(env, result, index, number);
  StartCount();
  return result;
}
