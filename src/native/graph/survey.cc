// One pass over all objects, before anything is written: how many edges there are, and everything that has a node or a text
// without being an object of the heap. Afterwards all nodes and texts have their numbers.

#include "survey.h"

#include "checks.h"
#include "edges.h"
#include "labels.h"

namespace graph {

Surveyed surveyed;

namespace {

struct SurveySink {
  static constexpr bool kNames = true;
  void Edge(EdgeKind kind, Name name, Word target) {
    if (!IsNode(target) || IsNonEssential(kind, target)) return;
    surveyed.edges++;
    if (KindOf(name) == kIndexText) NeedIndexText(ValueOf(name));
  }
  void Small(EdgeKind, Name, Word number) { surveyed.edges += small_numbers.Add(number); }
  void Double(uint64_t bits) { surveyed.edges += double_numbers.Add(bits); }
  void Store(uint64_t address, uint64_t bytes) {
    surveyed.stores.Add(StoreOfBuffer{address, bytes});
    surveyed.edges++;
  }
};

void SortStores() {
  Sort(surveyed.stores, [](const StoreOfBuffer& a, const StoreOfBuffer& b) {
    return a.address != b.address ? a.address < b.address : a.bytes > b.bytes;
  });
  size_t kept = 0;
  for (size_t i = 0; i < surveyed.stores.count; i++) {
    if (kept == 0 || surveyed.stores[kept - 1].address != surveyed.stores[i].address) surveyed.stores[kept++] = surveyed.stores[i];
  }
  surveyed.stores.count = kept;
}

// Keeps the edges that lead to nodes, and counts them by group.
void SurveyRoots() {
  size_t kept = 0;
  uint32_t counts[kGroups] = {};
  for (size_t i = 0; i < root_edges.count; i++) {
    if (!IsNode(root_edges[i].target)) continue;
    root_edges[kept] = root_edges[i];
    counts[root_edges[kept++].group]++;
  }
  root_edges.count = kept;
  for (size_t group = 0; group < kGroups; group++) {
    if (counts[group] == 0) continue;
    surveyed.group_numbers[surveyed.groups] = static_cast<uint8_t>(group);
    surveyed.group_edges[surveyed.groups] = counts[group];
    surveyed.group_texts[surveyed.groups++] = GroupText(static_cast<uint8_t>(group));
    NeedIndexText(counts[group]);
  }
  NeedIndexText(2);
  surveyed.edges += 2 + surveyed.groups + kept;
}

void AddPairs(Word table) {
  const size_t count = LengthOf(table);
  for (size_t i = 3; i + 1 < count; i += 2) {
    const Word key = Item(table, i), value = Item(table, i + 1);
    if (!IsNode(key) || !IsNode(value) || TypeOf(key) == types.oddball || IsNonEssential(kInternalEdge, value)) continue;
    weak_pairs.Add(WeakPair{key, value, table});
  }
}

void NumberNodes() {
  surveyed.first_small = NumberAll(&Chunk::nodes, 2 + static_cast<uint32_t>(surveyed.groups));
  surveyed.first_double = surveyed.first_small + 2 * static_cast<uint32_t>(small_numbers.table.entries.count);
  surveyed.first_store = surveyed.first_double + static_cast<uint32_t>(double_numbers.table.entries.count);
  surveyed.nodes = surveyed.first_store + surveyed.stores.count;
  surveyed.edges += small_numbers.table.entries.count + weak_pairs.count;
}

}  // namespace

uint64_t PairOf(Word key, Word table) {
  size_t low = 0, high = weak_pairs.count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const WeakPair& pair = weak_pairs[middle];
    if (pair.key < key || (pair.key == key && pair.table < table)) low = middle + 1;
    else high = middle;
  }
  return low < weak_pairs.count && weak_pairs[low].key == key && weak_pairs[low].table == table ? low : 0;
}

void Survey(Word global) {
  surveyed.global = global;
  SurveyRoots();
  SurveySink sink;
  EachObject(&Chunk::nodes, [&](Word object) {
    EdgesOf<SurveySink>(object, sink).Run();
    const Word hidden_class = WordAt(object, 0);
    const int type = TypeOf(object);
    // Makes the composed names that nodes have.
    if (!IsText(type)) LabelOf(object, hidden_class, type);
    CheckSize(object, hidden_class, type, SizeOf(object, hidden_class, type));
    if (infos[type].body == kPairs) AddPairs(object);
  });
  SortStores();
  Sort(weak_pairs, [](const WeakPair& a, const WeakPair& b) { return a.key != b.key ? a.key < b.key : a.table < b.table; });
  NumberNodes();
  PlaceTexts();
}

}  // namespace graph
