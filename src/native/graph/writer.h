// Surveys the graph that the walk has found, and writes it.
#pragma once

#include "words.h"

namespace graph {

// Counts edges and collects what is no object: numbers, buffers, pairs, composed names. `global`: the global object.
void Survey(Word global);
void Write(int descriptor);

struct WriterFigures {
  uint64_t nodes, edges;  // as the header says
};
extern WriterFigures written;

}  // namespace graph
