// What the writer checks of its own graph before it writes a byte. It gives up at the first that fails.
#pragma once

#include <node_api.h>

#include "words.h"

namespace graph {

// Reads the plan that JavaScript handed over: NativeBinding.writeGraph says what is in it. Afterwards no object may move.
void ReadPlan(napi_env env, napi_value plan);
// While the graph is surveyed, for each object.
void CheckSize(Word object, Word hidden_class, int type, size_t size);
// When the walk has been everywhere but behind traced handles: whether what was planted is in the graph, or not.
void CheckPlanted();
// Whether it is the native context of the vm context that was planted, or was made in it.
bool BelongsToPlantedContext(Word object);
// After the survey: all other checks.
void CheckGraph(bool v8_roots);

struct SizeFigures {
  double self_bytes;       // of all nodes
  double read_only_bytes;  // the part of it that V8 does not count as used
  double used_bytes;       // as V8 counts, measured by JavaScript right before
};
extern SizeFigures sizes;

}  // namespace graph
