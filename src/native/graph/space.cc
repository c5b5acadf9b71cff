// See space.h.
#include "space.h"

#include <stdlib.h>

#include "../addon.h"
#include "layout.h"
#include "memory.h"
#include "problem.h"

namespace graph {

Space* space = nullptr;
Word known_classes[kKnownClasses];

namespace {

// A hidden class has at least this many bytes; V8 reads all of them.
constexpr size_t kClassBytes = 9 * kWord;

void AddPart(uintptr_t begin, uintptr_t end) {
  const uintptr_t number = begin >> kChunkShift;
  Chunk**& leaf = space->leaves[number >> kLeafBits];
  if (leaf == nullptr) leaf = static_cast<Chunk**>(TakeMemory(sizeof(Chunk*) << kLeafBits));
  Chunk*& chunk = leaf[number & ((1 << kLeafBits) - 1)];
  if (chunk == nullptr) {
    chunk = static_cast<Chunk*>(TakePiece(sizeof(Chunk)));
    chunk->begin = begin;
    chunk->end = end;
    space->numbers[space->count++] = number;
  } else if (chunk->end == begin) {
    chunk->end = end;
  }
  // Another part of the same chunk behind a gap cannot be V8's, whose pages are whole chunks.
}

}  // namespace

void MapSpace() {
  Range* ranges;
  size_t count;
  if (!ReadableMappings(&ranges, &count)) GiveUp(kGraphMemory, 0, 0);
  size_t most = 0;
  for (size_t i = 0; i < count; i++) most += ((ranges[i].end - ranges[i].begin) >> kChunkShift) + 2;
  space = static_cast<Space*>(TakeMemory(sizeof(Space)));
  space->numbers = static_cast<uintptr_t*>(TakeMemory((most + 1) * sizeof(uintptr_t)));
  for (size_t i = 0; i < count; i++) {
    for (uintptr_t begin = ranges[i].begin; begin < ranges[i].end && begin >> kAddressBits == 0;) {
      const uintptr_t next = ((begin >> kChunkShift) + 1) << kChunkShift;
      const uintptr_t end = next < ranges[i].end ? next : ranges[i].end;
      AddPart(begin, end);
      begin = end;
    }
  }
  free(ranges);
  if (!ReadOnlyMappings(&ranges, &count)) GiveUp(kGraphMemory, 0, 0);
  for (size_t i = 0; i < count; i++) {
    for (uintptr_t begin = ranges[i].begin; begin < ranges[i].end; begin += kChunkBytes) {
      Chunk* chunk = ChunkAt(begin);
      if (chunk != nullptr) chunk->is_read_only = true;
    }
  }
  free(ranges);
}

bool IsKnown(Word object, size_t bytes) {
  const uintptr_t begin = object - 1, end = begin + bytes;
  const Chunk* chunk = ChunkOf(object);
  if (chunk == nullptr || end < begin) return false;
  while (chunk != nullptr && end > chunk->end) {
    const uintptr_t next = chunk->end;
    // It continues only where the next chunk begins.
    if ((next & (kChunkBytes - 1)) != 0) return false;
    chunk = ChunkAt(next);
    if (chunk != nullptr && chunk->begin != next) return false;
  }
  return chunk != nullptr;
}

void NewBits(Bits** bits) { *bits = static_cast<Bits*>(TakePiece(sizeof(Bits))); }

uint32_t NumberAll(Bits* Chunk::*which, uint32_t next) {
  for (size_t i = 0; i < space->count; i++) {
    Bits* bits = ChunkAt(space->numbers[i] << kChunkShift)->*which;
    if (bits == nullptr) continue;
    bits->first = next;
    uint16_t before = 0;
    for (size_t word = 0; word < kBitWords; word++) {
      bits->ranks[word] = before;
      before = static_cast<uint16_t>(before + __builtin_popcountll(bits->words[word]));
    }
    next += before;
  }
  return next;
}

bool CheckClass(Word word) {
  if (!IsStrong(word) || ChunkOf(word) == nullptr) return false;
  const Word meta = WordAt(word, 0);
  if (!IsStrong(meta) || ChunkOf(meta) == nullptr || WordAt(meta, 0) != meta) return false;
  if (!IsKnown(word, kClassBytes) || !IsKnown(meta, kClassBytes)) return false;
  if (Read<uint16_t>(word, static_cast<size_t>(at.map_type)) >= kTypes) return false;
  known_classes[word >> 4 & (kKnownClasses - 1)] = word;
  return true;
}

}  // namespace graph
