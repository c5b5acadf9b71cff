// Writes the graph that was surveyed.
#pragma once

namespace graph {

void Write(int descriptor);

}  // namespace graph
