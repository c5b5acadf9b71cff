// Functions: their names and places, and the variables of their scopes.
#pragma once

#include "names.h"
#include "types.h"

namespace graph {

// Of a scope: where its variables' names (or, if there are many, the table of them) begin, how many variables there are,
// and where what follows begins.
struct Scope {
  size_t names, count, after;
};
Scope ScopeOf(Word scope);
// By a function of a module whose scope has variables; false if it is not one.
bool LearnModules(Word function);
size_t ScopeSize(Word scope);
// A scope with more variables has a hash table of their names in place of these.
constexpr size_t kMaxInlineNames = 75;

// 0 if it has none.
Word FunctionName(Word shared);
// That, or else what V8 derives from where the function is assigned.
Word DebugName(Word shared);

struct Place {
  Word shared;
  int script, line, column;  // script -1: not known
  uint64_t Key() const { return shared; }
  size_t Hash() const { return HashOf(shared >> 3); }
};
Place PlaceOf(Word shared);

// The class of an object: the name of its constructor, which is remembered by hidden class, unless the object itself has
// a text at Symbol.toStringTag.
struct ClassOfMap {
  Word hidden_class;
  Word function;     // the constructor; 0: not known
  Name name;
  bool may_be_tagged;  // whether such a text has to be looked for
  uint64_t Key() const { return hidden_class; }
  size_t Hash() const { return HashOf(hidden_class >> 3); }
};
ClassOfMap ClassOf(Word object, Word hidden_class);
// Keys of properties; `name`: no key where constructors are not called by a property of theirs.
void SetClassKeys(Word constructor, Word to_string_tag, Word name);

// Properties of an object without code of the program.
inline bool IsDictionary(Word hidden_class) {
  return (Read<uint32_t>(hidden_class, static_cast<size_t>(at.map_bits3)) >> at.dictionary_shift & 1) != 0;
}
inline size_t OwnDescriptors(Word hidden_class) {
  return (Read<uint32_t>(hidden_class, static_cast<size_t>(at.map_bits3)) & static_cast<uint32_t>(at.own_mask)) >> at.own_shift;
}
struct Descriptor {
  Word key, value;
  uint32_t details;
  bool IsAccessor() const { return (details & static_cast<uint32_t>(at.accessor_mask)) != 0; }
  bool HoldsValue() const { return (details & static_cast<uint32_t>(at.in_descriptor_mask)) != 0; }
  size_t FieldIndex() const { return (details & static_cast<uint32_t>(at.index_mask)) >> at.index_shift; }
};
inline Descriptor DescriptorAt(Word descriptors, size_t index) {
  const size_t begin = static_cast<size_t>(at.descriptors_header) + kWord * static_cast<size_t>(at.descriptor_words) * index;
  const auto word = [&](int which) { return WordAt(descriptors, begin + kWord * static_cast<size_t>(which)); };
  return Descriptor{word(at.descriptor_key), word(at.descriptor_value),
                    static_cast<uint32_t>(SmallValue(word(at.descriptor_details)))};
}
// The field's value; its offset in the object, or 0 if it lies outside.
Word FieldOf(Word object, Word hidden_class, size_t index, size_t* offset);

}  // namespace graph
