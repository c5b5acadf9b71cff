// Walks the heap of the forked child: which collections are large, and how many objects of which hidden class there are.
//
// V8 walks its heap for HeapProfiler::QueryObjects and asks a predicate of each JavaScript object, after it has collected
// all garbage. QueryObjects, the few other functions and the numbers (v8dbg_…, made for debuggers) that are used here are
// exported by Node 20, 22, 24 and 26 under the same names, so they are looked up when the addon is loaded, and one
// binary serves all; where one is missing ResolveHeapObjects() says which, and captures are full ones.
//
// What of V8's C++ interface crosses the border is laid out by hand, so that nothing of its inline code, which changes
// from version to version, is compiled in:
//   Local<T>                  the address of a slot that holds a tagged pointer; passed and returned in a register
//   Global<T>                 the same, alone in its class; so an element of the result vector is a napi_value
//   std::vector               begin, end, end of storage (libstdc++)
//   QueryObjectPredicate      a pointer to its table: two destructors, then Filter(Local<Object>)
//
// Only for the child: the results' slots are never given back, and nothing here is quick.

#include "addon.h"

#include <dlfcn.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

// The first version of dlsym, so that a binary compiled on a new system loads on an old one: glibc moved it from libdl to
// libc in 2.34. The loader looks for symbol and version only, not for the library they came from.
#if defined(__x86_64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

namespace {

using Slot = uintptr_t*;

struct Vector {
  Slot* begin;
  Slot* end;
  Slot* storage_end;
};

// Found in the executable; see ResolveHeapObjects().
void* (*current_isolate)();
Slot (*current_context)(void* isolate);
void* (*heap_profiler)(void* isolate);
void (*query_objects)(void* profiler, Slot context, void* predicate, Vector* found);
size_t (*map_size)(Slot map);
size_t (*set_size)(Slot set);
uint32_t (*array_length)(Slot array);
const int *map_offset, *elements_offset, *array_bytes_offset, *type_offset, *words_offset, *bits_offset, *dictionary_shift;
const int *map_type, *set_type, *array_type, *object_type;

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
    {"_ZNK2v83Map4SizeEv", &map_size},
    {"_ZNK2v83Set4SizeEv", &set_size},
    {"_ZNK2v85Array6LengthEv", &array_length},
    {"v8dbg_class_HeapObject__map__Map", &map_offset},
    {"v8dbg_class_JSObject__elements__Object", &elements_offset},
    {"v8dbg_class_FixedArrayBase__length__SMI", &array_bytes_offset},
    {"v8dbg_class_Map__instance_type__uint16_t", &type_offset},
    {"v8dbg_class_Map__instance_size_in_words__char", &words_offset},
    {"v8dbg_class_Map__bit_field3__int", &bits_offset},
    {"v8dbg_bit_field3_is_dictionary_map_shift", &dictionary_shift},
    {"v8dbg_type_JSMap__JS_MAP_TYPE", &map_type},
    {"v8dbg_type_JSSet__JS_SET_TYPE", &set_type},
    {"v8dbg_type_JSArray__JS_ARRAY_TYPE", &array_type},
    {"v8dbg_type_JSObject__JS_OBJECT_TYPE", &object_type},
};

// A tagged pointer has its lowest bit set; a small integer is in the upper half of the word.
constexpr uintptr_t kTag = 1;
constexpr unsigned kSmallIntegerShift = 32;
// An object's own named properties, beyond those inside it: the field after the map.
constexpr size_t kPropertiesOffset = sizeof(uintptr_t);
// Of a hash table: its number of elements is the first of what follows the length.
constexpr size_t kHashTableCountOffset = 2 * sizeof(uintptr_t);

template <typename T>
T Field(uintptr_t object, size_t offset) {
  T value;
  memcpy(&value, reinterpret_cast<const char*>(object - kTag + offset), sizeof(T));
  return value;
}

uintptr_t HiddenClass(uintptr_t object) { return Field<uintptr_t>(object, *map_offset); }

int64_t SmallInteger(uintptr_t object, size_t offset) {
  return Field<int64_t>(object, offset) >> kSmallIntegerShift;
}

// The large ones among dictionaries and objects with many indexed members; those of the latter may have fewer than said.
int64_t MembersOfObject(uintptr_t object, uintptr_t hidden_class) {
  int64_t members = SmallInteger(Field<uintptr_t>(object, *elements_offset), *array_bytes_offset);
  if ((Field<uint32_t>(hidden_class, *bits_offset) >> *dictionary_shift & 1) != 0) {
    const uintptr_t properties = Field<uintptr_t>(object, kPropertiesOffset);
    if ((properties & kTag) != 0) members += SmallInteger(properties, kHashTableCountOffset);
  }
  return members;
}

struct Predicate {
  void* const* table;
  int64_t threshold;
};

void Destroy(Predicate*) {}

bool IsLarge(Predicate* predicate, Slot slot) {
  const uintptr_t object = *slot;
  const uintptr_t hidden_class = HiddenClass(object);
  const int type = Field<uint16_t>(hidden_class, *type_offset);
  int64_t members = 0;
  if (type == *array_type) members = array_length(slot);
  else if (type == *object_type) members = MembersOfObject(object, hidden_class);
  else if (type == *map_type) members = static_cast<int64_t>(map_size(slot));
  else if (type == *set_type) members = static_cast<int64_t>(set_size(slot));
  return members > predicate->threshold;
}

Vector Query(void* const* table, int64_t threshold) {
  Predicate predicate = {table, threshold};
  Vector found = {nullptr, nullptr, nullptr};
  void* isolate = current_isolate();
  query_objects(heap_profiler(isolate), current_context(isolate), &predicate, &found);
  return found;
}

// --- The census: open addressing by hidden class, which V8 does not move between the collection and the walk.

struct Class {
  uintptr_t hidden_class;
  uint32_t count;
  uint32_t bytes_each;
};

// Programs have some thousands of hidden classes; beyond this many further ones are left out, and counted.
constexpr size_t kMaxClasses = 1 << 16;
constexpr size_t kTableSize = 2 * kMaxClasses;
Class* classes = nullptr;
size_t class_count = 0;
uint32_t left_out = 0;

// Keeps the first object of each hidden class: its representative.
bool IsFirstOfClass(Predicate*, Slot slot) {
  const uintptr_t hidden_class = HiddenClass(*slot);
  size_t at = (hidden_class >> 3) * 0x9E3779B97F4A7C15u % kTableSize;
  while (classes[at].hidden_class != 0 && classes[at].hidden_class != hidden_class) at = (at + 1) % kTableSize;
  if (classes[at].hidden_class == hidden_class) {
    classes[at].count++;
    return false;
  }
  if (class_count == kMaxClasses) {
    left_out++;
    return false;
  }
  class_count++;
  const uint32_t words = Field<uint8_t>(hidden_class, *words_offset);
  classes[at] = Class{hidden_class, 1, words * static_cast<uint32_t>(sizeof(uintptr_t))};
  return true;
}

const Class* ClassOf(uintptr_t object) {
  const uintptr_t hidden_class = HiddenClass(object);
  size_t at = (hidden_class >> 3) * 0x9E3779B97F4A7C15u % kTableSize;
  while (classes[at].hidden_class != hidden_class) at = (at + 1) % kTableSize;
  return &classes[at];
}

}  // namespace

const char* WhyUnsupported() {
  const int* shift = static_cast<const int*>(dlsym(RTLD_DEFAULT, "v8dbg_SmiShiftSize"));
  if (shift == nullptr) return "this is not a Node.js that exports V8's symbols";
  if (*shift + 1 != static_cast<int>(kSmallIntegerShift)) return "this V8 compresses its pointers";
  // musl's fork leaves malloc as it was, maybe locked; its loader may stand in for glibc's.
  if (dlsym(RTLD_DEFAULT, "gnu_get_libc_version") == nullptr) return "the C library is not glibc";
  return nullptr;
}

const char* ResolveHeapObjects() {
  for (const Symbol& symbol : kSymbols) {
    void* address = dlsym(RTLD_DEFAULT, symbol.name);
    if (address == nullptr) return symbol.name;
    memcpy(symbol.into, &address, sizeof(address));
  }
  return nullptr;
}

napi_value LargeCollections(napi_env env, napi_callback_info info) {
  static void* const table[] = {reinterpret_cast<void*>(Destroy), reinterpret_cast<void*>(Destroy),
                                reinterpret_cast<void*>(IsLarge)};
  size_t count = 1;
  napi_value argument, result;
  double threshold = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_double(env, argument, &threshold);
  const Vector found = Query(table, static_cast<int64_t>(threshold));
  napi_create_array(env, &result);
  uint32_t index = 0;
  for (Slot* slot = found.begin; slot != found.end; slot++) {
    napi_set_element(env, result, index++, reinterpret_cast<napi_value>(*slot));
  }
  return result;
}

// Rows of three: representative, count, bytes of all; the last number is how many objects were left out.
napi_value Census(napi_env env, napi_callback_info) {
  static void* const table[] = {reinterpret_cast<void*>(Destroy), reinterpret_cast<void*>(Destroy),
                                reinterpret_cast<void*>(IsFirstOfClass)};
  static const Class* class_of_row[kMaxClasses];
  classes = static_cast<Class*>(calloc(kTableSize, sizeof(Class)));
  if (classes == nullptr) {
    napi_throw_error(env, "ENOMEM", "census: no memory for its table");
    return nullptr;
  }
  class_count = 0;
  left_out = 0;
  const Vector found = Query(table, 0);
  // All at once, before anything is allocated in the heap: a collection then may move the hidden classes.
  const size_t rows = static_cast<size_t>(found.end - found.begin);
  for (size_t row = 0; row < rows; row++) class_of_row[row] = ClassOf(*found.begin[row]);
  napi_value result, number;
  napi_create_array(env, &result);
  uint32_t index = 0;
  for (size_t row = 0; row < rows; row++) {
    const Class* counted = class_of_row[row];
    napi_set_element(env, result, index++, reinterpret_cast<napi_value>(found.begin[row]));
    napi_create_double(env, counted->count, &number);
    napi_set_element(env, result, index++, number);
    napi_create_double(env, static_cast<double>(counted->count) * counted->bytes_each, &number);
    napi_set_element(env, result, index++, number);
  }
  napi_create_double(env, left_out, &number);
  napi_set_element(env, result, index, number);
  free(classes);
  return result;
}
