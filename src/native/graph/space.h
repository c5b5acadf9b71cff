// The readable memory of the process in pieces of 256 KB (V8's page size), each with up to two bitmaps: one bit for every
// place where an object may begin. The first says which objects are in the graph, the second which of them are strings.
// There is no table of objects: the number of an object is the count of bits before its own (its rank).
//
// Invariants:
//   - A pointer is followed only if ChunkOf() knows the memory that it points to: anonymous, private, readable when the
//     walk began. The child has one thread and unmaps nothing, so it still is.
//   - An object whose bit is set in `nodes` after the walk has been admitted (discover.cc): its hidden class is one, and
//     all its words, by its own size, are in known memory.
#pragma once

#include "words.h"

namespace graph {

constexpr unsigned kChunkShift = 18;
constexpr size_t kChunkBytes = size_t{1} << kChunkShift;
constexpr size_t kBitWords = kChunkBytes / kWord / 64;

struct Bits {
  uint64_t words[kBitWords];
  uint16_t ranks[kBitWords];  // bits set before each word
  uint32_t first;             // number of the first object
};

struct Chunk {
  uintptr_t begin, end;  // the part of it that is readable
  bool is_read_only;     // V8's read-only space, which all isolates share
  Bits* nodes;
  Bits* strings;
};

// Two levels, by address: 15 and 14 bits above the chunk's 18. Nothing lies above.
constexpr unsigned kLeafBits = 14;
constexpr unsigned kAddressBits = 47;
constexpr size_t kLeaves = size_t{1} << (kAddressBits - kChunkShift - kLeafBits);
struct Space {
  Chunk** leaves[kLeaves];
  uintptr_t* numbers;  // of all chunks, ascending
  size_t count;
};
extern Space* space;

// Reads the mappings. Memory taken later, such as the writer's own, is unknown.
void MapSpace();

inline Chunk* ChunkAt(uintptr_t address) {
  const uintptr_t number = address >> kChunkShift;
  if (address >> kAddressBits != 0) return nullptr;
  Chunk** leaf = space->leaves[number >> kLeafBits];
  return leaf == nullptr ? nullptr : leaf[number & ((1 << kLeafBits) - 1)];
}
// The chunk of an object; null if the memory is not known, or has no room for two words there.
inline Chunk* ChunkOf(Word object) {
  const uintptr_t address = object - 1;
  Chunk* chunk = ChunkAt(address);
  return chunk != nullptr && address >= chunk->begin && address + kFirstWord <= chunk->end ? chunk : nullptr;
}
// Whether `bytes` from the object on are known memory.
bool IsKnown(Word object, size_t bytes);
inline bool IsReadOnly(Word object) {
  const Chunk* chunk = ChunkAt(object - 1);
  return chunk != nullptr && chunk->is_read_only;
}

inline size_t BitOf(Word object) { return ((object - 1) & (kChunkBytes - 1)) / kWord; }
inline bool HasBit(const Bits* bits, Word object) {
  const size_t bit = BitOf(object);
  return bits != nullptr && (bits->words[bit / 64] >> bit % 64 & 1) != 0;
}
void NewBits(Bits** bits);
// True if it was not set.
inline bool SetBit(Bits** bits, Word object) {
  if (*bits == nullptr) NewBits(bits);
  const size_t bit = BitOf(object);
  const uint64_t mask = uint64_t{1} << bit % 64;
  uint64_t& word = (*bits)->words[bit / 64];
  const bool was = (word & mask) != 0;
  word |= mask;
  return !was;
}
inline void ClearBit(Bits* bits, Word object) {
  const size_t bit = BitOf(object);
  bits->words[bit / 64] &= ~(uint64_t{1} << bit % 64);
}
inline uint32_t RankOf(const Bits* bits, Word object) {
  const size_t bit = BitOf(object);
  const uint64_t before = bits->words[bit / 64] & ((uint64_t{1} << bit % 64) - 1);
  return bits->first + bits->ranks[bit / 64] + static_cast<uint32_t>(__builtin_popcountll(before));
}
// Numbers all objects of the bitmap, in the order of addresses, from `next` on. Returns the number after the last.
uint32_t NumberAll(Bits* Chunk::*which, uint32_t next);

// Strong pointers to objects of the graph. Only valid after the walk.
inline bool IsNode(Word word) {
  if (!IsStrong(word)) return false;
  const Chunk* chunk = ChunkOf(word);
  return chunk != nullptr && HasBit(chunk->nodes, word);
}
inline uint32_t NodeNumber(Word object) { return RankOf(ChunkAt(object - 1)->nodes, object); }

// In the order of addresses.
template <typename Visit>
void EachObject(Bits* Chunk::*which, Visit visit) {
  for (size_t i = 0; i < space->count; i++) {
    const uintptr_t begin = space->numbers[i] << kChunkShift;
    const Bits* bits = ChunkAt(begin)->*which;
    for (size_t word = 0; bits != nullptr && word < kBitWords; word++) {
      for (uint64_t left = bits->words[word]; left != 0; left &= left - 1) {
        visit(Word{begin + (word * 64 + static_cast<size_t>(__builtin_ctzll(left))) * kWord + 1});
      }
    }
  }
}

// Whether a word points to a hidden class: its own hidden class is the meta class, which is its own. Remembers some.
constexpr size_t kKnownClasses = 8192;
extern Word known_classes[kKnownClasses];
bool CheckClass(Word word);
inline bool IsHiddenClass(Word word) {
  // A place that was not filled yet holds 0, which is no pointer.
  return IsStrong(word) && (known_classes[word >> 4 & (kKnownClasses - 1)] == word || CheckClass(word));
}
// Whether a word points to something that looks like an object; for the few that are read before the walk is done.
inline bool LooksLikeObject(Word word) { return IsStrong(word) && ChunkOf(word) != nullptr && IsHiddenClass(WordAt(word, 0)); }

}  // namespace graph
