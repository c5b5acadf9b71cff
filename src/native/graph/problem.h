// How the writer gives up: it writes why into the shared page and ends the child. Nothing has to be unwound, and the
// parent, which sees the exit code kExitGraph, lets V8's generator write the graph.
#pragma once

#include "../addon.h"

namespace graph {

[[noreturn]] void GiveUp(GraphProblem, double found, double expected);

}  // namespace graph
