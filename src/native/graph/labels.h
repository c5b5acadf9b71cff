// Type and name of an object's node.
#pragma once

#include "names.h"
#include "types.h"

namespace graph {

struct Label {
  NodeType type;
  Name name;
};
Label LabelOf(Word object, Word hidden_class, int type);

}  // namespace graph
