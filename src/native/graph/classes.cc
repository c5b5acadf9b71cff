// The class of an object as V8's snapshots name it (JSReceiver::GetConstructorName): the constructor that its hidden class
// remembers; otherwise, along the prototypes, a text at Symbol.toStringTag or the name of a `constructor`. No getter runs.

#include "memory.h"
#include "scopes.h"

namespace graph {

namespace {

constexpr int kMostPrototypes = 1000;
// Of the third field of a hidden class's bits: the one below "is a dictionary".
constexpr int kPrototypeBelowDictionary = 1;

Word constructor_key = 0, tag_key = 0, name_key = 0;
Table<ClassOfMap> classes;

// The value of an own data property; 0: none.
Word Lookup(Word object, Word key) {
  const Word hidden_class = WordAt(object, 0);
  if (!IsDictionary(hidden_class)) {
    const Word descriptors = WordAt(hidden_class, static_cast<size_t>(at.map_descriptors));
    if (!IsNode(descriptors)) return 0;
    const size_t count = OwnDescriptors(hidden_class);
    for (size_t i = 0; i < count; i++) {
      const Descriptor descriptor = DescriptorAt(descriptors, i);
      if (descriptor.key != key) continue;
      if (descriptor.IsAccessor()) return 0;
      size_t offset;
      return descriptor.HoldsValue() ? descriptor.value : FieldOf(object, hidden_class, descriptor.FieldIndex(), &offset);
    }
    return 0;
  }
  const Word table = WordAt(object, kProperties);
  if (!IsNode(table) || TypeOf(table) != types.names) return 0;
  const size_t words = LengthOf(table), entry = static_cast<size_t>(at.names_entry);
  for (size_t i = 3 + static_cast<size_t>(at.names_prefix); i + 2 < words; i += entry) {
    if (Item(table, i) == key) return Item(table, i + 1);
  }
  return 0;
}

Word ConstructorOf(Word hidden_class) {
  Word word = WordAt(hidden_class, static_cast<size_t>(at.map_constructor));
  for (int i = 0; i < kMostPrototypes && IsNode(word) && TypeOf(word) == types.map; i++) {
    word = WordAt(word, static_cast<size_t>(at.map_constructor));
  }
  return word;
}

// Whether a word is a constructor with a name that says something; fills in the class.
bool NamedBy(Word word, ClassOfMap* found) {
  if (!IsNode(word) || !IsFunction(TypeOf(word))) return false;
  const Word shared = WordAt(word, static_cast<size_t>(at.function_shared));
  const Word own = Lookup(word, name_key);
  const bool is_named = IsNode(own) && IsText(TypeOf(own));
  const Word name = is_named ? own : IsNode(shared) && TypeOf(shared) == types.shared ? DebugName(shared) : 0;
  if (name == 0 || TextLength(name) == 0 || TextEquals(name, "Object")) return false;
  found->function = word;
  found->name = HeapName(name);
  return true;
}

ClassOfMap Find(Word object, Word hidden_class) {
  // V8's name for objects of no class; those of async functions have no prototype, so they come to it.
  ClassOfMap found = {hidden_class, 0, IsSuspended(TypeOf(object)) ? tGenerator : tObject, false};
  const bool is_prototype = (Read<uint32_t>(hidden_class, static_cast<size_t>(at.map_bits3)) >>
                             (at.dictionary_shift - kPrototypeBelowDictionary) & 1) != 0;
  const bool is_base = (Read<uint8_t>(hidden_class, static_cast<size_t>(at.map_bits2)) & 1) != 0;
  if (is_base && !is_prototype && NamedBy(ConstructorOf(hidden_class), &found)) return found;
  // A hidden class says which properties its objects have, but not what they are; of a dictionary it says nothing.
  found.may_be_tagged = IsDictionary(hidden_class) || Lookup(object, tag_key) != 0;
  Word prototype = object;
  for (int i = 0; i < kMostPrototypes; i++) {
    prototype = WordAt(WordAt(prototype, 0), static_cast<size_t>(at.map_prototype));
    if (!IsNode(prototype) || !IsJavaScript(TypeOf(prototype))) break;
    const Word tag = Lookup(prototype, tag_key);
    if (IsNode(tag) && IsText(TypeOf(tag))) {
      found.name = HeapName(tag);
      return found;
    }
    if (NamedBy(Lookup(prototype, constructor_key), &found)) return found;
  }
  return found;
}

}  // namespace

Word FieldOf(Word object, Word hidden_class, size_t index, size_t* offset) {
  const size_t first = FirstInside(hidden_class);
  const size_t words = FixedWords(hidden_class), inside = words > first ? words - first : 0;
  if (index < inside) {
    *offset = kWord * (first + index);
    return WordAt(object, *offset);
  }
  *offset = 0;
  const Word outside = WordAt(object, kProperties);
  return IsNode(outside) && infos[TypeOf(outside)].body == kOutside && index - inside < (LengthOf(outside) & 1023)
             ? Item(outside, index - inside)
             : 0;
}

ClassOfMap ClassOf(Word object, Word hidden_class) {
  const size_t hash = HashOf(hidden_class >> 3);
  size_t known = classes.Find(hidden_class, hash);
  if (known == classes.entries.count) known = classes.Insert(Find(object, hidden_class), hash);
  ClassOfMap result = classes.entries[known];
  const Word tag = result.may_be_tagged ? Lookup(object, tag_key) : 0;
  if (IsNode(tag) && IsText(TypeOf(tag))) {
    result.name = HeapName(tag);
    result.function = 0;
  }
  return result;
}

void SetClassKeys(Word constructor, Word to_string_tag, Word name) {
  constructor_key = constructor;
  tag_key = to_string_tag;
  name_key = name;
}

}  // namespace graph
