// See names.h.
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

#include "output.h"

namespace graph {

Numbers small_numbers, double_numbers;
List<WeakPair> weak_pairs;

namespace {

// V8 cuts names at this many characters.
constexpr uint32_t kMostCharacters = 1024;
// Concatenated strings are followed so deep to the left; deeper parts are left out.
constexpr int kMostDepth = 64;

const char* const kFixedTable[kFixedTexts] = {
    "<dummy>", "", "map", "__proto__", "properties", "elements", "shared", "context", "feedback_cell", "code", "prototype",
    "initial_map", "table", "previous", "scope_info", "first", "second", "parent", "actual", "descriptors", "transitions",
    "back_pointer", "constructor", "dependent_code", "value", "getter", "setter", "script", "name_or_scope_info",
    "function_data", "name", "source", "target", "unregister_token", "reactions_or_result", "bindings", "bound_this",
    "bound_function", "buffer", "backing_store", "native_bind", "(concatenated string)", "(sliced string)", "symbol",
    "private symbol", "bigint", "system / Context", "system / NativeContext", "heap number", "smi number", "Object",
    "system / Map", "system / JSArrayBufferData", "(object elements)", "(object properties)", "system / Struct",
    "(GC roots)", "receiver", "function", "parameters_and_registers", "<symbol>", "global", "(Running code)",
    "(Strong roots)", "(Roots)", "(Read-only roots)", "Generator",
};

// Texts added to the fixed ones.
struct Added {
  const char* text;
  bool is_type;
};
List<Added> added;

struct Composition {
  Word string;
  Frame frame;
  uint64_t Key() const { return string << 2 | frame; }
  size_t Hash() const { return HashOf(Key()); }
};
Table<Composition> compositions;
const char* const kBefore[] = {"", "get ", "set ", "<symbol "};
const char* const kAfter[] = {"", "", "", ">"};

bool placed = false;
uint64_t index_texts = 0;
uint32_t first_composed, first_heap, first_small, first_double, first_index, first_pair, past_last;

// Writes at most `left` characters; returns how many are still allowed.
uint32_t WriteCharacters(Word string, uint32_t left, int depth) {
  while (IsNode(string) && IsText(TypeOf(string)) && depth++ < kMostDepth && left > 0) {
    const int representation = TypeOf(string) & kRepresentation;
    if (representation == kThin) {
      string = WordAt(string, kFirstWord);
      continue;
    }
    if (representation == kCons) {
      left = WriteCharacters(WordAt(string, kFirstWord), left, depth);
      string = WordAt(string, kFirstField);
      continue;
    }
    const uint32_t length = TextLength(string);
    size_t from = 0;
    if (representation == kSliced) {
      from = Count(WordAt(string, kFirstField));
      string = WordAt(string, kFirstWord);
      if (!IsNode(string) || !IsText(TypeOf(string)) || from + length > TextLength(string)) return left;
    }
    Characters characters;
    if (!CharactersOf(string, &characters)) return left;
    const uint32_t written = length < left ? length : left;
    for (uint32_t i = 0; i < written; i++) out.Escaped(characters[from + i]);
    return left - written;
  }
  return left;
}

void WriteDouble(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof(number));
  char text[40];
  // The shortest that reads back as the same number.
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof(text), "%.*g", digits, number);
    if (strtod(text, nullptr) == number) break;
  }
  out.Text(text);
}

void Begin() { out.Text(",\n\"", 3); }
void End() { out.Text("\"", 1); }

void WriteFixed() {
  for (size_t i = 0; i < kFixedTexts; i++) {
    out.Text(i == 0 ? "\"" : ",\n\"");
    out.Text(kFixedTable[i]);
    End();
  }
  for (size_t i = 0; i < added.count; i++) {
    const Added& text = added[i];
    const char* end = text.is_type ? strstr(text.text, "__") : nullptr;
    Begin();
    if (text.is_type) out.Text("system / ");
    out.Text(text.text, end != nullptr ? static_cast<size_t>(end - text.text) : strlen(text.text));
    End();
  }
}

void WriteNumbers() {
  for (size_t i = 0; i < small_numbers.table.entries.count; i++) {
    const int64_t value = SmallValue(small_numbers.table.entries[i].word);
    Begin();
    out.Room(Output::kRoom);
    if (value < 0) out.Char('-');
    out.Number(static_cast<uint64_t>(value < 0 ? -value : value));
    End();
  }
  for (size_t i = 0; i < double_numbers.table.entries.count; i++) {
    Begin();
    WriteDouble(double_numbers.table.entries[i].word);
    End();
  }
}

// DevTools takes two edges of one text for the two of a pair, from its key and from its table: each pair has its own.
void WritePairs() {
  for (size_t i = 0; i < weak_pairs.count; i++) {
    const WeakPair& pair = weak_pairs[i];
    out.Text(",\n\"1 / part of key (? @");
    out.Room(Output::kRoom);
    out.Number(2 * uint64_t{NodeNumber(pair.key)} + 1);
    out.Text(") -> value (? @");
    out.Room(Output::kRoom);
    out.Number(2 * uint64_t{NodeNumber(pair.value)} + 1);
    out.Text(") pair in WeakMap (table @");
    out.Room(Output::kRoom);
    out.Number(2 * uint64_t{NodeNumber(pair.table)} + 1);
    out.Text(")\"");
  }
}

}  // namespace

uint32_t AddSystemText(const char* type_name) {
  added.Add(Added{type_name, true});
  return kFixedTexts + static_cast<uint32_t>(added.count) - 1;
}

uint32_t AddRootText(const char* text) {
  added.Add(Added{text, false});
  return kFixedTexts + static_cast<uint32_t>(added.count) - 1;
}

Name Composed(Frame frame, Word string) {
  const Composition wanted = {string, frame};
  size_t index = compositions.Find(wanted.Key(), wanted.Hash());
  if (index == compositions.entries.count) {
    if (placed) return tBlank;
    index = compositions.Insert(wanted, wanted.Hash());
  }
  return NameOf(kComposedText, index);
}

Name HeapName(Word string) {
  if (!IsNode(string)) return tBlank;
  const int type = TypeOf(string), representation = type & kRepresentation;
  if (!IsText(type)) return tBlank;
  return representation == kCons || representation == kSliced ? Composed(kBare, string) : NameOf(kHeapText, string);
}

bool Numbers::Add(uint64_t word) {
  const NumberEntry entry = {word};
  if (table.Find(word, entry.Hash()) < table.entries.count) return true;
  full = full || table.entries.count >= kMaxNumbers;
  if (!full) table.Insert(entry, entry.Hash());
  return !full;
}

int64_t Numbers::Find(uint64_t word) const {
  const size_t index = table.Find(word, NumberEntry{word}.Hash());
  return index < table.entries.count ? static_cast<int64_t>(index) : -1;
}

void NeedIndexText(uint64_t index) {
  const uint64_t needed = index < kMaxIndexTexts ? index + 1 : kMaxIndexTexts;
  if (needed > index_texts) index_texts = needed;
}

void PlaceTexts() {
  first_composed = kFixedTexts + static_cast<uint32_t>(added.count);
  first_heap = first_composed + static_cast<uint32_t>(compositions.entries.count);
  first_small = NumberAll(&Chunk::strings, first_heap);
  first_double = first_small + static_cast<uint32_t>(small_numbers.table.entries.count);
  first_index = first_double + static_cast<uint32_t>(double_numbers.table.entries.count);
  first_pair = first_index + static_cast<uint32_t>(index_texts);
  past_last = first_pair + static_cast<uint32_t>(weak_pairs.count);
  placed = true;
}

uint32_t StringCount() { return past_last; }

uint32_t NameIndex(Name name) {
  const uint64_t value = ValueOf(name);
  switch (KindOf(name)) {
    case kComposedText:
      return first_composed + static_cast<uint32_t>(value);
    case kHeapText: {
      const Chunk* chunk = ChunkOf(value);
      return chunk != nullptr && HasBit(chunk->strings, value) ? RankOf(chunk->strings, value) : uint32_t{tBlank};
    }
    case kSmallText:
      return first_small + static_cast<uint32_t>(value);
    case kDoubleText:
      return first_double + static_cast<uint32_t>(value);
    case kIndexText:
      return first_index + static_cast<uint32_t>(value < kMaxIndexTexts ? value : kMaxIndexTexts - 1);
    case kPairText:
      return first_pair + static_cast<uint32_t>(value);
    default:
      return static_cast<uint32_t>(value);
  }
}

bool CharactersOf(Word string, Characters* characters) {
  int type = TypeOf(string);
  for (int i = 0; i < kMostDepth && (type & kRepresentation) == kThin; i++) {
    string = WordAt(string, kFirstWord);
    if (!IsNode(string) || !IsText(TypeOf(string))) return false;
    type = TypeOf(string);
  }
  const void* content = nullptr;
  if ((type & kRepresentation) == kSequential) content = reinterpret_cast<const void*>(string - 1 + kFirstWord);
  // The resource outside the heap caches its characters, unless its type says otherwise.
  else if ((type & kRepresentation) == kExternal && (type & kUncached) == 0) content = Read<const void*>(string, kFirstField);
  if (content == nullptr) return false;
  *characters = (type & kOneByte) != 0 ? Characters{static_cast<const uint8_t*>(content), nullptr}
                                       : Characters{nullptr, static_cast<const uint16_t*>(content)};
  return true;
}

bool TextEquals(Word string, const char* text) {
  const size_t length = strlen(text);
  Characters characters;
  if (TextLength(string) != length || !CharactersOf(string, &characters)) return false;
  for (size_t i = 0; i < length; i++) {
    if (characters[i] != static_cast<uint8_t>(text[i])) return false;
  }
  return true;
}

void WriteTexts() {
  WriteFixed();
  for (size_t i = 0; i < compositions.entries.count; i++) {
    const Composition& composition = compositions.entries[i];
    Begin();
    out.Text(kBefore[composition.frame]);
    WriteCharacters(composition.string, kMostCharacters, 0);
    out.Text(kAfter[composition.frame]);
    End();
  }
  EachObject(&Chunk::strings, [](Word string) {
    Begin();
    // The nodes of these have a name of their own.
    const int representation = TypeOf(string) & kRepresentation;
    if (representation != kCons && representation != kSliced) WriteCharacters(string, kMostCharacters, 0);
    End();
  });
  WriteNumbers();
  for (uint64_t i = 0; i < index_texts; i++) {
    Begin();
    out.Room(Output::kRoom);
    out.Number(i);
    End();
  }
  WritePairs();
}

}  // namespace graph
