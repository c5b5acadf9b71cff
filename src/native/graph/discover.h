// The walk: marks every object that the roots hold strongly.
#pragma once

#include "words.h"

namespace graph {

// A root; its objects are walked at once, so that few are pending.
void DiscoverFrom(Word root);
// Follows WeakMaps until nothing changes: a value is held if its key and its table are.
void DiscoverPairs();

struct DiscoverFigures {
  size_t objects;
  size_t false_marks;  // words that looked like pointers but led to no object
  size_t most_pending;
};
extern DiscoverFigures discovered;

}  // namespace graph
