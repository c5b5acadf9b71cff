// Texts of the snapshot, without a table of the texts of the heap.
//
// The snapshot's table of strings has, in this order: fixed texts; texts composed of a text of the heap and something
// ("get x"); one for each string of the heap, by rank; one for each distinct number; the indices that are needed as texts;
// and one for each pair of a WeakMap. A Name says which of them and its place there, so it is known before the sizes of
// all are; NameIndex() makes the index of it once they are. Texts are not made unique.
#pragma once

#include "memory.h"
#include "space.h"
#include "types.h"

namespace graph {

using Name = uint64_t;
enum NameKind : uint64_t { kFixedText, kComposedText, kHeapText, kIndexNumber, kSmallText, kDoubleText, kIndexText, kPairText };
constexpr unsigned kNameKindShift = 60;
inline Name NameOf(NameKind kind, uint64_t value) { return static_cast<uint64_t>(kind) << kNameKindShift | value; }
inline NameKind KindOf(Name name) { return static_cast<NameKind>(name >> kNameKindShift); }
inline uint64_t ValueOf(Name name) { return name & ((uint64_t{1} << kNameKindShift) - 1); }

// Fixed texts. The order is that of kFixed in names.cc.
enum Fixed : uint32_t {
  tDummy, tBlank, tMap, tProto, tProperties, tElements, tShared, tContext, tFeedbackCell, tCode, tPrototype, tInitialMap,
  tTable, tPrevious, tScopeInfo, tFirst, tSecond, tParent, tActual, tDescriptors, tTransitions, tBackPointer, tConstructor,
  tDependentCode, tValue, tGetter, tSetter, tScript, tNameOrScope, tFunctionData, tName, tSource, tTarget, tToken,
  tReactions, tBindings, tBoundThis, tBoundFunction, tBuffer, tStore, tNativeBind, tCons, tSlicedText, tSymbol, tPrivate,
  tBigInt, tSystemContext, tNativeContext, tHeapNumber, tSmallNumber, tObject, tSystemMap, tStoreData, tObjectElements,
  tObjectProperties, tStruct, tRoots, tReceiver, tFunction, tParameters, tAnonymous, tGlobal, tRunningCode, tHandedRoots,
  tOtherRoots, tReadOnlyRoots, tGenerator, kFixedTexts,
};
// Adds a text that lives as long as the process: with "system / " before it, up to "__".
uint32_t AddSystemText(const char* type_name);
uint32_t AddRootText(const char* text);

// What is put around a text of the heap.
enum Frame : uint8_t { kBare, kGetter, kSetter, kSymbolFrame };
// Names of strings of the heap. A string that is concatenated or sliced is a node with a name of its own, so where its
// text is a name that is composed.
Name Composed(Frame frame, Word string);
Name HeapName(Word string);

// Distinct numbers. Beyond a limit, no further ones are taken: their edges and texts are left out.
constexpr size_t kMaxNumbers = size_t{1} << 22;
struct NumberEntry {
  uint64_t word;
  uint64_t Key() const { return word; }
  size_t Hash() const { return HashOf(word ^ word >> 29); }
};
struct Numbers {
  Table<NumberEntry> table;
  bool full = false;
  // While the graph is surveyed: adds it. False if there is no room.
  bool Add(uint64_t word);
  // -1: left out.
  int64_t Find(uint64_t word) const;
};
extern Numbers small_numbers, double_numbers;

// Texts of indices up to a limit; beyond it, all have that of the last.
constexpr uint64_t kMaxIndexTexts = 1 << 20;
void NeedIndexText(uint64_t index);

struct WeakPair {
  Word key, value, table;
};
extern List<WeakPair> weak_pairs;

// Fixes the places of all texts; from now on NameIndex() may be called and nothing added.
void PlaceTexts();
uint32_t NameIndex(Name name);
uint32_t StringCount();
// Writes the whole table, without its brackets.
void WriteTexts();

// Whether the text of a string is this one; only ASCII is compared.
bool TextEquals(Word string, const char* text);
inline uint32_t TextLength(Word string) { return Read<uint32_t>(string, static_cast<size_t>(at.string_length)); }
// The characters of a flat string; false if it is not flat or they are gone.
struct Characters {
  const uint8_t* one;
  const uint16_t* two;
  uint32_t operator[](size_t index) const { return one != nullptr ? one[index] : two[index]; }
};
bool CharactersOf(Word string, Characters* characters);

}  // namespace graph
