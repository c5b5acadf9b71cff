// What the survey of the graph found, for the passes that write it.
#pragma once

#include "memory.h"
#include "roots.h"

namespace graph {

// Memory of a buffer outside the heap.
struct StoreOfBuffer {
  uint64_t address, bytes;
};
struct Surveyed {
  uint64_t nodes, edges;  // as the header says
  Word global;
  List<StoreOfBuffer> stores;  // sorted by address
  // Groups of roots that have any.
  size_t groups;
  uint8_t group_numbers[kGroups];
  uint32_t group_texts[kGroups], group_edges[kGroups];
  // Numbers of the first nodes of each kind; objects come between the groups and the small integers.
  uint32_t first_small, first_double, first_store;
};
extern Surveyed surveyed;

// Counts edges and collects what is no object: numbers, buffers, pairs, composed names. `global`: the global object.
void Survey(Word global);

}  // namespace graph
