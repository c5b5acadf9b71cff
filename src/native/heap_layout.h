// The part of V8's object layout that is read: offsets and types that Node exports for debuggers (v8dbg_…), looked up
// at load.
//
// A tagged pointer has its lowest bit set (and the next one if it is weak). A small integer has the lowest bit clear
// and its value in the upper half of the word; WhyUnsupported() checks that. Every object begins with a tagged pointer
// to its hidden class.
#pragma once

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The address of a slot that holds a tagged pointer: V8's Local and Global, Node-API's napi_value.
using Slot = uintptr_t*;

struct HeapLayout {
  const int* map_offset;       // in an object: its hidden class
  const int* elements_offset;  // in a JavaScript object: its indexed members
  const int* array_length_offset;
  // In a hidden class.
  const int* type_offset;
  const int* words_offset;  // size of its objects in words; 0: the size varies
  const int* bits_offset;
  const int* prototype_offset;
  const int* dictionary_shift;
  const int *descriptors_offset, *own_descriptors_shift, *own_descriptors_mask;
  // In an array of descriptors: bytes before the first, words per descriptor, and which of these words is the value.
  const int *descriptors_header, *descriptor_words, *descriptor_value;
  // Instance types.
  const int *map_type, *set_type, *array_type, *object_type, *map_class_type, *number_type, *property_array_type;
  const int *first_nonstring_type, *first_context_type, *last_context_type, *first_receiver_type;
};
extern HeapLayout layout;

constexpr uintptr_t kTag = 1;
constexpr unsigned kSmallIntegerShift = 32;
// An object's named properties that are stored outside it: the field after the hidden class.
constexpr size_t kPropertiesOffset = sizeof(uintptr_t);
// The first field that is specific to a type: the table of a Map or Set, the length of an array.
constexpr size_t kFirstFieldOffset = 3 * sizeof(uintptr_t);
// In a hash table: the number of elements, which is the first word after the length.
constexpr size_t kHashTableCountOffset = 2 * sizeof(uintptr_t);

template <typename T>
inline T Field(uintptr_t object, size_t offset) {
  T value;
  memcpy(&value, reinterpret_cast<const char*>(object - kTag + offset), sizeof(T));
  return value;
}

inline uintptr_t HiddenClass(uintptr_t object) { return Field<uintptr_t>(object, *layout.map_offset); }

inline int InstanceType(uintptr_t hidden_class) { return Field<uint16_t>(hidden_class, *layout.type_offset); }

// 0 if the field is not a small integer.
inline int64_t SmallInteger(uintptr_t object, size_t offset) {
  const int64_t word = Field<int64_t>(object, offset);
  return (word & 0xFFFFFFFF) == 0 ? word >> kSmallIntegerShift : 0;
}

inline bool IsPointer(uintptr_t word) { return (word & kTag) != 0; }

// Number of members of a Map, Set, array or plain object used as a table; 0 for everything else. For objects with
// indexed members it is an upper bound.
inline int64_t MembersOf(uintptr_t object) {
  const uintptr_t hidden_class = HiddenClass(object);
  const int type = InstanceType(hidden_class);
  // An array so long that its length is not a small integer is sparse.
  if (type == *layout.array_type) return SmallInteger(object, kFirstFieldOffset);
  if (type == *layout.map_type || type == *layout.set_type) {
    const uintptr_t table = Field<uintptr_t>(object, kFirstFieldOffset);
    return IsPointer(table) ? SmallInteger(table, kHashTableCountOffset) : 0;
  }
  if (type != *layout.object_type) return 0;
  const uintptr_t elements = Field<uintptr_t>(object, *layout.elements_offset);
  int64_t members = IsPointer(elements) ? SmallInteger(elements, *layout.array_length_offset) : 0;
  if ((Field<uint32_t>(hidden_class, *layout.bits_offset) >> *layout.dictionary_shift & 1) != 0) {
    const uintptr_t properties = Field<uintptr_t>(object, kPropertiesOffset);
    if (IsPointer(properties)) members += SmallInteger(properties, kHashTableCountOffset);
  }
  return members;
}

// Makes a V8 handle to an object. Moves nothing on V8's heap.
Slot Globalize(uintptr_t object);
// Stores the object in a JavaScript array at `index` and disposes of the handle.
void Take(napi_env, napi_value list, uint32_t index, Slot);

// The census (heap_objects.cc) counts objects by hidden class, starting with StartCount(). KeepRepresentatives() must
// be called before anything on the heap moves.
void StartCount();
void CountObject(uintptr_t object);
void KeepRepresentatives();
