// Finds the large collections of the forked child by following pointers. It takes a fiftieth of the memory of V8's own
// walk, which keeps a hash set of all objects and spends most of a capture's time filling it.
//
// Why reading raw memory is safe here:
//   - Nothing moves: the child has one thread, which is in this function, and V8 is not called until the walk is over.
//   - Only reachable objects are visited, starting from objects that JavaScript passed in; so everything found is alive.
//   - Only these are read: fields of objects whose hidden class gives their size; arrays of tagged words that begin with
//     their length (fixed arrays, hash tables, contexts); and the prototypes and accessors of hidden classes. The types of
//     these arrays differ between versions and are learnt from samples: a Map's table, a dictionary's properties, …
//   - A word is followed only if it is tagged as a strong pointer, points into readable anonymous memory, and the object
//     there begins with a hidden class, recognised by its meta class, which is its own hidden class. So raw words inside
//     objects (native pointers, doubles) do no harm, and neither does an unknown layout: at worst something is not
//     found. The caller plants large collections in every kind of holder and checks that they are found; if one is not,
//     V8's walk is used instead (largeCollections).
//
// Visited objects are marked with one bit per possible object (8 bytes): at most 1/64 of the heap.

#include "addon.h"

#include <stdlib.h>
#include <string.h>

#include "heap_layout.h"

namespace {

constexpr unsigned kChunkShift = 18;
constexpr size_t kChunkBytes = size_t{1} << kChunkShift;
constexpr size_t kBitmapBytes = kChunkBytes / sizeof(uintptr_t) / 8;

// A piece of readable memory, no larger than a chunk and within one, and its mark bits; they are allocated at the first
// visit.
struct Chunk {
  uintptr_t number;  // address >> kChunkShift; 0: unused
  uintptr_t begin;
  uintptr_t end;
  uint8_t* visited;
};

struct Walk {
  Chunk* chunks;  // open addressing
  size_t mask;
  Chunk* latest;
  uintptr_t latest_class;  // the hidden class that was checked last, and whether its objects hold others
  bool latest_holds;
  uintptr_t known_classes[4096];
  uintptr_t* pending;
  size_t pending_count, pending_capacity;
  uintptr_t* found;
  size_t found_count, found_capacity;
  uint8_t is_array[8192];  // by instance type
  int64_t threshold;
  bool counting;
  bool out_of_memory;
};

size_t Place(const Walk* walk, uintptr_t number) { return number * 0x9E3779B97F4A7C15u >> 20 & walk->mask; }

bool AddChunk(Walk* walk, uintptr_t begin, uintptr_t end) {
  const uintptr_t number = begin >> kChunkShift;
  size_t at = Place(walk, number);
  while (walk->chunks[at].number != 0) {
    // Two mappings share a chunk. The gap between them is never read, since no object spans it.
    if (walk->chunks[at].number == number) {
      if (walk->chunks[at].end == begin) walk->chunks[at].end = end;
      return true;
    }
    at = (at + 1) & walk->mask;
  }
  walk->chunks[at] = Chunk{number, begin, end, nullptr};
  return true;
}

bool MapChunks(Walk* walk) {
  Range* ranges;
  size_t count;
  if (!ReadableMappings(&ranges, &count)) return false;
  size_t chunks = 0;
  for (size_t i = 0; i < count; i++) chunks += ((ranges[i].end - ranges[i].begin) >> kChunkShift) + 2;
  size_t size = 1024;
  while (size < 2 * chunks) size *= 2;
  walk->mask = size - 1;
  walk->chunks = static_cast<Chunk*>(calloc(size, sizeof(Chunk)));
  walk->latest = walk->chunks;
  for (size_t i = 0; i < count && walk->chunks != nullptr; i++) {
    for (uintptr_t begin = ranges[i].begin; begin < ranges[i].end;) {
      const uintptr_t next = ((begin >> kChunkShift) + 1) << kChunkShift;
      const uintptr_t end = next < ranges[i].end ? next : ranges[i].end;
      AddChunk(walk, begin, end);
      begin = end;
    }
  }
  free(ranges);
  return walk->chunks != nullptr;
}

// Null if `address` is not in readable memory.
Chunk* ChunkOf(Walk* walk, uintptr_t address) {
  const uintptr_t number = address >> kChunkShift;
  Chunk* chunk = walk->latest;
  if (chunk->number != number) {
    size_t at = Place(walk, number);
    while (walk->chunks[at].number != number) {
      if (walk->chunks[at].number == 0) return nullptr;
      at = (at + 1) & walk->mask;
    }
    chunk = walk->latest = &walk->chunks[at];
  }
  return address >= chunk->begin && address + 2 * sizeof(uintptr_t) <= chunk->end ? chunk : nullptr;
}

bool IsStrong(uintptr_t word) { return (word & 3) == kTag; }

bool IsHiddenClass(Walk* walk, uintptr_t word) {
  if (!IsStrong(word)) return false;
  uintptr_t* known = &walk->known_classes[word >> 4 & 4095];
  if (*known == word) return true;
  if (ChunkOf(walk, word - kTag) == nullptr) return false;
  const uintptr_t meta = HiddenClass(word);
  if (!IsStrong(meta) || ChunkOf(walk, meta - kTag) == nullptr || HiddenClass(meta) != meta) return false;
  *known = word;
  return true;
}

bool Append(uintptr_t** list, size_t* count, size_t* capacity, uintptr_t item) {
  if (*count == *capacity) {
    const size_t grown_capacity = *capacity == 0 ? 4096 : 2 * *capacity;
    uintptr_t* grown = static_cast<uintptr_t*>(realloc(*list, grown_capacity * sizeof(uintptr_t)));
    if (grown == nullptr) return false;
    *list = grown;
    *capacity = grown_capacity;
  }
  (*list)[(*count)++] = item;
  return true;
}

// True on the first visit; false also if out of memory.
bool MarkVisited(Walk* walk, Chunk* chunk, uintptr_t address) {
  if (chunk->visited == nullptr) chunk->visited = static_cast<uint8_t*>(calloc(1, kBitmapBytes));
  if (chunk->visited == nullptr) {
    walk->out_of_memory = true;
    return false;
  }
  const size_t bit = (address & (kChunkBytes - 1)) / sizeof(uintptr_t);
  if ((chunk->visited[bit / 8] >> bit % 8 & 1) != 0) return false;
  chunk->visited[bit / 8] |= static_cast<uint8_t>(1 << bit % 8);
  return true;
}

void Visit(Walk* walk, uintptr_t word) {
  if (!IsStrong(word)) return;
  Chunk* chunk = ChunkOf(walk, word - kTag);
  if (chunk == nullptr) return;
  const uintptr_t hidden_class = HiddenClass(word);
  // An object that is a hidden class is marked only when the first of its own objects is visited.
  if (walk->latest_class != hidden_class) {
    if (!IsHiddenClass(walk, hidden_class)) return;
    walk->latest_class = hidden_class;
    // Strings and numbers hold nothing, and there are many of them.
    const int type = InstanceType(hidden_class);
    walk->latest_holds =
        type >= *layout.first_nonstring_type && type != *layout.number_type && type != *layout.map_class_type;
  }
  if (!walk->latest_holds || !MarkVisited(walk, chunk, word - kTag)) return;
  if (!Append(&walk->pending, &walk->pending_count, &walk->pending_capacity, word)) walk->out_of_memory = true;
}

// A hidden class holds the prototype, and the getters and setters that its objects share.
void VisitHiddenClass(Walk* walk, uintptr_t hidden_class) {
  Chunk* chunk = ChunkOf(walk, hidden_class - kTag);
  if (chunk == nullptr || !MarkVisited(walk, chunk, hidden_class - kTag)) return;
  Visit(walk, Field<uintptr_t>(hidden_class, *layout.prototype_offset));
  const uintptr_t descriptors = Field<uintptr_t>(hidden_class, *layout.descriptors_offset);
  if (!IsStrong(descriptors) || ChunkOf(walk, descriptors - kTag) == nullptr) return;
  const uint32_t own = (Field<uint32_t>(hidden_class, *layout.bits_offset) &
                        static_cast<uint32_t>(*layout.own_descriptors_mask)) >> *layout.own_descriptors_shift;
  for (uint32_t i = 0; i < own; i++) {
    const size_t word = i * static_cast<size_t>(*layout.descriptor_words) + static_cast<size_t>(*layout.descriptor_value);
    const size_t offset = static_cast<size_t>(*layout.descriptors_header) + word * sizeof(uintptr_t);
    if (ChunkOf(walk, descriptors - kTag + offset) == nullptr) return;
    Visit(walk, Field<uintptr_t>(descriptors, offset));
  }
}

// Number of tagged words after the length if this is an array of tagged words; otherwise 0.
size_t ArrayLength(Walk* walk, uintptr_t word, int type) {
  const uint64_t length = Field<uint64_t>(word, sizeof(uintptr_t));
  if ((length & 0xFFFFFFFF) != 0) return 0;
  size_t count = length >> kSmallIntegerShift;
  // The upper bits of its length are a hash.
  if (type == *layout.property_array_type) count &= 1023;
  else if (type < *layout.first_context_type || type > *layout.last_context_type) {
    if (walk->is_array[type & 8191] == 0) return 0;
  }
  return count;
}

// A large object continues over the following chunks.
void VisitArray(Walk* walk, uintptr_t word, size_t count) {
  uintptr_t at = word - kTag + 2 * sizeof(uintptr_t);
  while (count > 0) {
    const Chunk* chunk = ChunkOf(walk, at);
    // ChunkOf rejects the last word of a chunk, because it requires room for a header.
    const uintptr_t end = ((at >> kChunkShift) + 1) << kChunkShift;
    if (chunk == nullptr && end - at > sizeof(uintptr_t)) return;
    const size_t here = (end - at) / sizeof(uintptr_t);
    const size_t words = here < count ? here : count;
    for (size_t i = 0; i < words; i++, at += sizeof(uintptr_t)) Visit(walk, *reinterpret_cast<const uintptr_t*>(at));
    count -= words;
  }
}

void VisitContent(Walk* walk, uintptr_t word) {
  const uintptr_t hidden_class = HiddenClass(word);
  const int type = InstanceType(hidden_class);
  const size_t words = Field<uint8_t>(hidden_class, *layout.words_offset);
  if (words == 0) return VisitArray(walk, word, ArrayLength(walk, word, type));
  if (type >= *layout.first_receiver_type) {
    VisitHiddenClass(walk, hidden_class);
    if (walk->counting) CountObject(word);
    if (MembersOf(word) > walk->threshold &&
        !Append(&walk->found, &walk->found_count, &walk->found_capacity, word)) {
      walk->out_of_memory = true;
    }
  }
  if (ChunkOf(walk, word - kTag + (words - 2) * sizeof(uintptr_t)) == nullptr) return;
  for (size_t i = 1; i < words; i++) Visit(walk, Field<uintptr_t>(word, i * sizeof(uintptr_t)));
}

// Learns which types are arrays of tagged words: every field of a sample whose size is not fixed by its hidden class,
// since V8 puts nothing else there.
void LearnTypes(Walk* walk, uintptr_t sample) {
  const size_t words = Field<uint8_t>(HiddenClass(sample), *layout.words_offset);
  for (size_t i = 1; i < words; i++) {
    const uintptr_t word = Field<uintptr_t>(sample, i * sizeof(uintptr_t));
    if (!IsStrong(word) || ChunkOf(walk, word - kTag) == nullptr || !IsHiddenClass(walk, HiddenClass(word))) continue;
    const int type = InstanceType(HiddenClass(word));
    const bool is_sized = Field<uint8_t>(HiddenClass(word), *layout.words_offset) != 0;
    if (!is_sized && type >= *layout.first_nonstring_type && type < *layout.first_receiver_type &&
        type != *layout.property_array_type) {
      walk->is_array[type & 8191] = 1;
    }
  }
}

// The slot behind a napi_value holds the tagged pointer.
uintptr_t Pointer(napi_value value) { return *reinterpret_cast<uintptr_t*>(value); }

template <typename Each>
void ForEach(napi_env env, napi_value array, Each each) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value item;
    napi_valuetype type;
    if (napi_get_element(env, array, i, &item) != napi_ok || napi_typeof(env, item, &type) != napi_ok) continue;
    if (type == napi_object || type == napi_function) each(Pointer(item));
  }
}

}  // namespace

napi_value WalkCollections(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Walk* walk = static_cast<Walk*>(calloc(1, sizeof(Walk)));
  napi_value result;
  napi_get_null(env, &result);
  double threshold = 0;
  napi_get_value_double(env, arguments[2], &threshold);
  if (walk == nullptr || !MapChunks(walk)) return result;
  walk->threshold = static_cast<int64_t>(threshold);
  // Reading an element may make V8 allocate and so move objects. Only the types are kept from what has been read so
  // far.
  ForEach(env, arguments[1], [&](uintptr_t sample) {
    LearnTypes(walk, sample);
    // The global object is hidden behind a proxy, as the proxy's prototype.
    const uintptr_t prototype = Field<uintptr_t>(HiddenClass(sample), *layout.prototype_offset);
    if (InstanceType(HiddenClass(prototype)) >= *layout.first_receiver_type) LearnTypes(walk, prototype);
  });
  napi_get_value_bool(env, arguments[3], &walk->counting);
  StartCount();
  // The list itself is the root: no object may move between reading its pointer and the end of the walk.
  Visit(walk, Pointer(arguments[0]));
  while (walk->pending_count > 0 && !walk->out_of_memory) VisitContent(walk, walk->pending[--walk->pending_count]);
  if (walk->out_of_memory) return result;
  Slot* slots = static_cast<Slot*>(calloc(walk->found_count + 1, sizeof(Slot)));
  if (slots == nullptr) return result;
  // First the handles, which allocate nothing on V8's heap; then the list.
  KeepRepresentatives();
  for (size_t i = 0; i < walk->found_count; i++) slots[i] = Globalize(walk->found[i]);
  napi_create_array_with_length(env, walk->found_count, &result);
  for (size_t i = 0; i < walk->found_count; i++) {
    Take(env, result, static_cast<uint32_t>(i), slots[i]);
  }
  return result;
}
