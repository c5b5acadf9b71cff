// Words of V8's heap. Nothing here checks an address: callers read only from objects that space.h has admitted.
//
// A word is a small integer (lowest bit clear, value in the upper half), a strong pointer (lowest bits 01) or a weak one
// (11). A cleared weak pointer is 3. Every object begins with a strong pointer to its hidden class.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace graph {

// A word of the heap; most often the tagged pointer to an object.
using Word = uintptr_t;
constexpr size_t kWord = sizeof(Word);
constexpr Word kWeakBit = 2;
// Behind the hidden class: the length of an array. Its words begin after that.
constexpr size_t kLength = 1 * kWord;
constexpr size_t kFirstWord = 2 * kWord;
// Of JavaScript objects: properties outside the object, indexed members, and the first field specific to a type.
constexpr size_t kProperties = 1 * kWord;
constexpr size_t kElements = 2 * kWord;
constexpr size_t kFirstField = 3 * kWord;

template <typename T>
inline T Read(Word object, size_t offset) {
  T value;
  memcpy(&value, reinterpret_cast<const char*>(object - 1 + offset), sizeof(T));
  return value;
}
inline Word WordAt(Word object, size_t offset) { return Read<Word>(object, offset); }
// The index-th word behind the length of an array.
inline Word Item(Word array, size_t index) { return WordAt(array, kFirstWord + kWord * index); }

inline bool IsSmall(Word word) { return (word & 1) == 0; }
inline int64_t SmallValue(Word word) { return static_cast<int64_t>(word) >> 32; }
// Objects lie at multiples of a word, so a pointer's third bit is clear as well.
inline bool IsStrong(Word word) { return (word & 7) == 1; }
inline bool IsWeak(Word word) { return (word & 7) == 3 && static_cast<uint32_t>(word) != 3; }
// 0 if it is no small integer, or negative.
inline size_t Count(Word word) { return IsSmall(word) && SmallValue(word) > 0 ? static_cast<size_t>(SmallValue(word)) : 0; }
inline size_t LengthOf(Word array) { return Count(WordAt(array, kLength)); }
inline size_t RoundUp(size_t bytes) { return (bytes + kWord - 1) & ~(kWord - 1); }

// Spreads the bits of an address or a number over the upper half and takes that.
inline size_t HashOf(uint64_t key) { return static_cast<size_t>(key * 0x9E3779B97F4A7C15u >> 20); }

}  // namespace graph
