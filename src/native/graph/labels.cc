// What V8's snapshots call an object: functions by their own name, other objects by their class, strings by their text.
#include "labels.h"

#include "scopes.h"

namespace graph {

namespace {

// A name that is not there is blank, as in V8's snapshots.
Name NameOrBlank(Word name) { return name == 0 ? Name{tBlank} : HeapName(name); }

Label LabelOfJavaScript(Word object, Word hidden_class, int type) {
  if (IsFunction(type)) {
    const Word shared = WordAt(object, static_cast<size_t>(at.function_shared));
    return {kClosure, NameOrBlank(IsNode(shared) && TypeOf(shared) == types.shared ? FunctionName(shared) : 0)};
  }
  if (type == types.bound) return {kClosure, tNativeBind};
  if (type == types.regexp) {
    const Word source = at.pattern_source >= 0 ? WordAt(object, static_cast<size_t>(at.pattern_source)) : 0;
    return {kRegExp, NameOrBlank(source)};
  }
  if (type == types.global) return {kObject, tGlobal};
  return {kObject, ClassOf(object, hidden_class).name};
}

}  // namespace

Label LabelOf(Word object, Word hidden_class, int type) {
  if (IsJavaScript(type)) return LabelOfJavaScript(object, hidden_class, type);
  if (IsText(type)) {
    const int representation = type & kRepresentation;
    if (representation == kCons) return {kConsString, tCons};
    return representation == kSliced ? Label{kSlicedString, tSlicedText} : Label{kString, NameOf(kHeapText, object)};
  }
  if (type == types.symbol) return IsPrivateSymbol(object) ? Label{kHidden, tPrivate} : Label{kSymbol, tSymbol};
  if (type == types.bigint) return {kBigInt, tBigInt};
  if (type == types.number) return {kNumber, tHeapNumber};
  if (type == types.shared) return {kCode, NameOrBlank(FunctionName(object))};
  if (type == types.script) return {kCode, NameOrBlank(WordAt(object, static_cast<size_t>(at.script_name)))};
  if (type == types.native_context) return {kHidden, tNativeContext};
  if (infos[type].body == kContext) return {kObject, tSystemContext};
  if (type == types.map && IsReadOnly(object)) return {kHidden, tSystemMap};
  if (infos[type].body == kOutside) return {kArrayNode, tObjectProperties};
  if (infos[type].node == kArrayNode && infos[type].name >= kFixedTexts) return {kArrayNode, tObjectElements};
  return {infos[type].node, infos[type].name};
}

}  // namespace graph
