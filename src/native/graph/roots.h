// What the walk begins with, and the nodes below "(GC roots)".
#pragma once

#include "memory.h"
#include "words.h"

namespace graph {

constexpr size_t kGroups = 256;
constexpr uint8_t kReadOnlyGroup = 253, kHandedGroup = 254, kRunningCodeGroup = 255;

enum Hold : uint8_t { kHolds, kTraced, kHoldsWeakly };
struct RootEdge {
  Word target;
  uint8_t group;
  Hold hold;
};
extern List<RootEdge> root_edges;

// Finds V8's own roots, by an object on the heap. False if this Node lacks the functions, or they do not do what they should.
bool FindRoots(Word object);
// Roots that JavaScript handed over, and in place of V8's only these.
void AddHandedRoot(Word object);
void UseHandedRoots();
// Walks from all roots, and decides for traced ones whether they hold.
void DiscoverAll();
// Text of a group.
uint32_t GroupText(uint8_t group);

}  // namespace graph
