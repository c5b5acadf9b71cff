// See memory.h.
#include "memory.h"

#include <sys/mman.h>

#include "problem.h"

namespace graph {

namespace {

size_t taken = 0;
char* piece = nullptr;
size_t piece_left = 0;
constexpr size_t kPieces = size_t{1} << 20;

}  // namespace

void GiveUp(GraphProblem problem, double found, double expected) {
  GraphFigures& figures = PageOfChild()->graph;
  figures.found = found;
  figures.expected = expected;
  figures.problem = problem;
  LeaveChild(kExitGraph);
}

void* TakeMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) GiveUp(kGraphMemory, static_cast<double>(taken + bytes), 0);
  taken += bytes;
  return memory;
}

void* GrowMemory(void* memory, size_t bytes, size_t grown_bytes) {
  void* grown = mremap(memory, bytes, grown_bytes, MREMAP_MAYMOVE);
  if (grown == MAP_FAILED) GiveUp(kGraphMemory, static_cast<double>(taken + grown_bytes), 0);
  taken += grown_bytes - bytes;
  return grown;
}

size_t MemoryTaken() { return taken; }

void* TakePiece(size_t bytes) {
  bytes = (bytes + 15) & ~size_t{15};
  if (piece_left < bytes) {
    piece = static_cast<char*>(TakeMemory(kPieces));
    piece_left = kPieces;
  }
  void* result = piece;
  piece += bytes;
  piece_left -= bytes;
  return result;
}

}  // namespace graph
