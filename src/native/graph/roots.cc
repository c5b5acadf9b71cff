// V8's own roots: Heap::IterateRoots calls the virtual functions of a visitor for each, with the group it belongs to.
//
// The visitor is laid out by hand. The table of V8's own one for snapshots (RootsReferencesExtractor) shows at which
// place each function belongs; ours has the same order, with these functions in place of V8's. Arguments are addresses of
// slots and numbers only. Functions at places that we do not know do nothing and return 0.
//
// Without SkipRoot::kWeak, weak handles are visited as if they were strong, and then everything that a vm context holds
// would look leaked. Which bit that is differs between versions (64, 128): it is the one without which the table of
// internalised strings is not visited, while builtins and eternal handles still are.
//
// Traced handles (Node 24 and 26 have vm contexts behind them) belong to C++ objects that V8 collects as well; these are
// held by objects on the heap in ways that cannot be seen there. As in V8's snapshots, such a handle is no root of what is
// held otherwise, or else every vm context would seem to be held by V8. What nothing else leads to, a C++ object holds:
// then the handle is its root, because a full GC has come before, and would have cleared it otherwise.
//
// The heap is a part of the isolate. The header of a page (Node 20, 22), or what that points to (24, 26), has its address:
// the only word there that leads into the isolate.

#include "roots.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checks.h"
#include "discover.h"
#include "names.h"
#include "space.h"
#include "symbols.h"

namespace graph {

List<RootEdge> root_edges;

namespace {

List<Word> handed;

// Larger than any isolate so far (0xF400 in Node 26).
constexpr uintptr_t kIsolateBytes = 0x40000;
constexpr size_t kHeaderWords = 12;
// Smaller than any isolate so far (0xD2C0 in Node 20), and larger than the tables that it begins with.
constexpr size_t kRootsBytes = 0x8000;
// Virtual functions of a visitor, and the destructors and others that precede those that take slots.
constexpr size_t kTable = 16, kCompared = 12, kFirstUnknown = 5, kOffHeap = 4;
constexpr int kSkipBits = 12;

bool weak_pass = false;

struct Visitor {
  void** table;
};

void AddRoot(int group, Word word) {
  const uint8_t number = static_cast<uint8_t>(group);
  if (IsStrong(word)) root_edges.Add(RootEdge{word, number, weak_pass ? kHoldsWeakly : kHolds});
  else if (IsWeak(word)) root_edges.Add(RootEdge{word & ~kWeakBit, number, kHoldsWeakly});
}
void VisitRange(Visitor*, int group, const char*, const Word* begin, const Word* end) {
  for (const Word* slot = begin; slot < end; slot++) AddRoot(group, *slot);
}
void VisitOne(Visitor* visitor, int group, const char* text, const Word* slot) { VisitRange(visitor, group, text, slot, slot + 1); }
void VisitRunningCode(Visitor*, const Word* code, const Word* stream) {
  const Word* const slots[] = {code, stream};
  for (const Word* slot : slots) {
    if (slot != nullptr && IsStrong(*slot)) root_edges.Add(RootEdge{*slot, kRunningCodeGroup, kHolds});
  }
}
void Ignore(Visitor*) {}
uint64_t Zero(Visitor*) { return 0; }

// malloc's memory, where V8 keeps what belongs to a page, is not part of the space that is walked.
bool IsMapped(uintptr_t address, size_t bytes) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)), begin = address & ~(page - 1);
  unsigned char resident[2];
  return address != 0 && address >> kAddressBits == 0 && bytes <= page &&
         mincore(reinterpret_cast<void*>(begin), address + bytes - begin, resident) == 0;
}

void* HeapOf(uintptr_t isolate, Word object) {
  const uintptr_t* page = reinterpret_cast<const uintptr_t*>((object - 1) & ~(kChunkBytes - 1));
  const auto find = [&](const uintptr_t* words) -> void* {
    for (size_t i = 0; i < kHeaderWords; i++) {
      if (words[i] > isolate && words[i] < isolate + kIsolateBytes) return reinterpret_cast<void*>(words[i]);
    }
    return nullptr;
  };
  void* heap = find(page);
  if (heap != nullptr || page[1] % kWord != 0 || !IsMapped(page[1], kHeaderWords * kWord)) return heap;
  return find(reinterpret_cast<const uintptr_t*>(page[1]));
}

template <typename F>
void* Address(F function) {
  return reinterpret_cast<void*>(function);
}

// The same order as in V8's table, which begins behind two words.
void FillTable(void** table) {
  for (size_t i = 0; i < kCompared; i++) {
    void* theirs = symbols.extractor_table[2 + i];
    const bool is_range = theirs == symbols.visit_range ||
                          (symbols.visit_off_heap_range != nullptr && theirs == symbols.visit_off_heap_range);
    if (is_range) table[i] = Address(VisitRange);
    else if (theirs == symbols.visit_one) table[i] = Address(VisitOne);
    else if (symbols.visit_running_code != nullptr && theirs == symbols.visit_running_code) table[i] = Address(VisitRunningCode);
    // Of slots outside the heap: the table of strings.
    else if (i == kOffHeap) table[i] = Address(VisitRange);
    else table[i] = i >= kFirstUnknown ? Address(Zero) : Address(Ignore);
  }
  for (size_t i = kCompared; i < kTable; i++) table[i] = Address(Zero);
}

// The isolate begins with the table of its roots; those in read-only memory are not visited with the others.
void AddReadOnlyRoots(const Word* isolate) {
  for (size_t i = 0; i < kRootsBytes / kWord; i++) {
    if (IsStrong(isolate[i]) && IsReadOnly(isolate[i])) root_edges.Add(RootEdge{isolate[i], kReadOnlyGroup, kHolds});
  }
}

bool Has(const char* group) {
  for (size_t i = 0; i < root_edges.count; i++) {
    const uint8_t number = root_edges[i].group;
    if (number < kReadOnlyGroup && strstr(symbols.root_name(number), group) != nullptr) return true;
  }
  return false;
}

}  // namespace

bool FindRoots(Word object) {
  if (symbols.iterate_roots == nullptr || symbols.extractor_table == nullptr || symbols.visit_range == nullptr ||
      symbols.root_name == nullptr || symbols.iterate_weak_handles == nullptr) {
    return false;
  }
  const Word* isolate = static_cast<const Word*>(symbols.current_isolate());
  void* heap = HeapOf(reinterpret_cast<uintptr_t>(isolate), object);
  if (heap == nullptr) return false;
  static void* table[kTable];
  FillTable(table);
  Visitor visitor = {table};
  const auto iterate = reinterpret_cast<void (*)(void*, Visitor*, int, int)>(symbols.iterate_roots);
  iterate(heap, &visitor, 0, 0);
  if (!Has("nternalized")) return false;
  int skip_weak = 0;
  for (int bit = 0; bit < kSkipBits && skip_weak == 0; bit++) {
    root_edges.count = 0;
    iterate(heap, &visitor, 1 << bit, 0);
    if (!Has("nternalized") && Has("Builtins") && Has("Eternal")) skip_weak = 1 << bit;
  }
  if (skip_weak == 0) return false;
  for (size_t i = 0; i < root_edges.count; i++) {
    const uint8_t group = root_edges[i].group;
    if (group < kReadOnlyGroup && strstr(symbols.root_name(group), "Traced") != nullptr) root_edges[i].hold = kTraced;
  }
  AddReadOnlyRoots(isolate);
  weak_pass = true;
  reinterpret_cast<void (*)(void*, Visitor*)>(symbols.iterate_weak_handles)(heap, &visitor);
  weak_pass = false;
  return true;
}

void AddHandedRoot(Word object) { handed.Add(object); }

void UseHandedRoots() {
  root_edges.count = 0;
  for (size_t i = 0; i < handed.count; i++) root_edges.Add(RootEdge{handed[i], kHandedGroup, kHolds});
}

void DiscoverAll() {
  for (size_t i = 0; i < root_edges.count; i++) {
    if (root_edges[i].hold == kHolds) DiscoverFrom(root_edges[i].target);
  }
  DiscoverPairs();
  CheckPlanted();
  for (size_t i = 0; i < root_edges.count; i++) {
    RootEdge& edge = root_edges[i];
    if (edge.hold != kTraced) continue;
    edge.hold = IsNode(edge.target) || BelongsToPlantedContext(edge.target) ? kHoldsWeakly : kHolds;
    if (edge.hold == kHolds) DiscoverFrom(edge.target);
  }
  DiscoverPairs();
}

uint32_t GroupText(uint8_t group) {
  if (group == kRunningCodeGroup) return tRunningCode;
  if (group == kReadOnlyGroup) return tReadOnlyRoots;
  if (group == kHandedGroup) return tHandedRoots;
  return symbols.root_name == nullptr ? uint32_t{tOtherRoots} : AddRootText(symbols.root_name(group));
}

}  // namespace graph
