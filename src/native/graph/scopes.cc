// Names of functions and places of theirs, from what V8 keeps of each.
//
// A scope (ScopeInfo) begins with its flags: a small integer up to V8 12, a raw word later. Behind the names and infos of
// its variables follow parts that the flags say are there: the slot of a saved class (bit 10), the function's own name
// (bits 12 and 13: two words), the inferred name (bit 14), and the positions of the source. From V8 13 on the positions
// come first, and every kind of scope has them. From Node 22 on the names of a module come behind the number of its
// variables.
//
// Only called after the walk: objects are read only if they are nodes.

#include "scopes.h"

#include "memory.h"

namespace graph {

namespace {

constexpr unsigned kSavedClassBit = 10, kNameBits = 12, kInferredBit = 14, kOuterBit = 22;
// Kinds of scope, in the lowest four bits of the flags, that have positions in Node 20 and 22.
constexpr uint32_t kLastWithPositions = 4, kKinds = 15;
constexpr size_t kMostVariables = 1 << 20;
constexpr int kPositionsFirst = 5;  // index of the first variable, if the positions come before it

// Of the scopes of modules.
uint32_t module_kind = 0;
bool module_count_first = false;

Table<Place> places;

// Ends of lines of a script, which functions of it share.
struct ScriptLines {
  Word script;
  List<uint32_t> ends;
  uint64_t Key() const { return script; }
  size_t Hash() const { return HashOf(script >> 3); }
};
Table<ScriptLines> lines;

uint32_t FlagsOf(Word scope) {
  const Word word = WordAt(scope, kLength);
  return static_cast<uint32_t>(word) != 0 ? static_cast<uint32_t>(word) : static_cast<uint32_t>(word >> 32);
}
bool Has(uint32_t flags, unsigned bit) { return (flags >> bit & 1) != 0; }
size_t AfterClass(uint32_t flags, const Scope& scope) { return scope.after + (Has(flags, kSavedClassBit) ? kWord : 0); }
size_t AfterName(uint32_t flags, const Scope& scope) {
  return AfterClass(flags, scope) + ((flags >> kNameBits & 3) != 0 ? 2 * kWord : 0);
}

// The scope of a function that was compiled; otherwise 0.
Word ScopeOfFunction(Word shared) {
  const Word word = WordAt(shared, static_cast<size_t>(at.shared_name));
  return IsNode(word) && TypeOf(word) == types.scope ? word : 0;
}

// What V8 keeps of a function that it has parsed but not compiled; otherwise 0.
Word UncompiledOf(Word shared) {
  const size_t offsets[] = {at.shared_data >= 0 ? static_cast<size_t>(at.shared_data) : 2 * kWord, kWord};
  for (size_t offset : offsets) {
    const Word word = WordAt(shared, offset);
    if (IsNode(word) && IsUncompiled(TypeOf(word))) return word;
  }
  return 0;
}

Word InferredName(Word shared) {
  const Word scope = ScopeOfFunction(shared);
  if (scope == 0) {
    const Word uncompiled = UncompiledOf(shared);
    return uncompiled == 0 ? 0 : WordAt(uncompiled, static_cast<size_t>(at.uncompiled_name));
  }
  const uint32_t flags = FlagsOf(scope);
  return Has(flags, kInferredBit) ? WordAt(scope, AfterName(flags, ScopeOf(scope))) : 0;
}

// -1: not known.
int64_t StartOf(Word shared) {
  const Word scope = ScopeOfFunction(shared);
  if (scope == 0) {
    const Word uncompiled = UncompiledOf(shared);
    return uncompiled == 0 ? -1 : Read<int32_t>(uncompiled, static_cast<size_t>(at.uncompiled_start));
  }
  if (at.scope_first >= kPositionsFirst) return SmallValue(WordAt(scope, kWord * 4));
  const uint32_t flags = FlagsOf(scope);
  const Word word = WordAt(scope, AfterName(flags, ScopeOf(scope)) + (Has(flags, kInferredBit) ? kWord : 0));
  return IsSmall(word) ? SmallValue(word) : -1;
}

ScriptLines& LinesOf(Word script) {
  const size_t hash = HashOf(script >> 3);
  size_t index = lines.Find(script, hash);
  if (index < lines.entries.count) return lines.entries[index];
  index = lines.Insert(ScriptLines{script, {}}, hash);
  ScriptLines& added = lines.entries[index];
  const Word source = WordAt(script, static_cast<size_t>(at.script_source));
  Characters characters;
  if (!IsNode(source) || !IsText(TypeOf(source)) || !CharactersOf(source, &characters)) return added;
  const uint32_t length = TextLength(source);
  for (uint32_t i = 0; i < length; i++) {
    if (characters[i] == '\n') added.ends.Add(i);
  }
  return added;
}

// The line that holds a position: the number of ends before it.
size_t LineAt(const List<uint32_t>& ends, uint32_t position) {
  size_t low = 0, high = ends.count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (ends[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

}  // namespace

Scope ScopeOf(Word scope) {
  Scope result;
  result.count = Count(WordAt(scope, kWord * (1 + static_cast<size_t>(at.scope_locals))));
  if (result.count > kMostVariables) result.count = 0;
  result.names = kWord * (1 + static_cast<size_t>(at.scope_first));
  if (module_count_first && (FlagsOf(scope) & kKinds) == module_kind) result.names += kWord;
  const size_t named = result.count < kMaxInlineNames ? result.count : 1;
  result.after = result.names + kWord * (named + result.count);
  return result;
}

bool LearnModules(Word function) {
  const Word context = WordAt(function, static_cast<size_t>(at.function_context));
  const Word scope = LooksLikeObject(context) && LengthOf(context) > 0 ? Item(context, 0) : 0;
  if (!LooksLikeObject(scope) || TypeOf(scope) != types.scope) return false;
  module_kind = FlagsOf(scope) & kKinds;
  // It has variables, so a name or their table would come first.
  module_count_first = IsSmall(WordAt(scope, kWord * (1 + static_cast<size_t>(at.scope_first))));
  return true;
}

size_t ScopeSize(Word scope) {
  const uint32_t flags = FlagsOf(scope);
  size_t size = AfterName(flags, ScopeOf(scope)) + (Has(flags, kInferredBit) ? kWord : 0);
  if (at.scope_first < kPositionsFirst && (flags & kKinds) <= kLastWithPositions) size += 2 * kWord;
  return size + (Has(flags, kOuterBit) ? kWord : 0);
}

Word FunctionName(Word shared) {
  const Word word = WordAt(shared, static_cast<size_t>(at.shared_name));
  if (!IsNode(word)) return 0;
  const int type = TypeOf(word);
  if (IsText(type)) return word;
  if (type != types.scope) return 0;
  const uint32_t flags = FlagsOf(word);
  if ((flags >> kNameBits & 3) == 0) return 0;
  const Word name = WordAt(word, AfterClass(flags, ScopeOf(word)));
  return IsNode(name) && IsText(TypeOf(name)) ? name : 0;
}

Word DebugName(Word shared) {
  const Word name = FunctionName(shared);
  if (name != 0 && TextLength(name) > 0) return name;
  const Word inferred = InferredName(shared);
  return IsNode(inferred) && IsText(TypeOf(inferred)) && TextLength(inferred) > 0 ? inferred : 0;
}

Place PlaceOf(Word shared) {
  const size_t hash = HashOf(shared >> 3);
  const size_t known = places.Find(shared, hash);
  if (known < places.entries.count) return places.entries[known];
  Place place = {shared, -1, 0, 0};
  const Word script = WordAt(shared, static_cast<size_t>(at.shared_script));
  const int64_t start = StartOf(shared);
  if (IsNode(script) && TypeOf(script) == types.script && start >= 0 && start <= UINT32_MAX) {
    const List<uint32_t>& ends = LinesOf(script).ends;
    const size_t line = LineAt(ends, static_cast<uint32_t>(start));
    // The script's number is the word behind its ends of lines.
    place.script = static_cast<int>(Count(WordAt(script, static_cast<size_t>(at.script_line_ends) + kWord)));
    place.line = static_cast<int>(line);
    place.column = static_cast<int>(start - (line > 0 ? static_cast<int64_t>(ends[line - 1]) + 1 : 0));
  }
  places.Insert(place, hash);
  return place;
}

}  // namespace graph
