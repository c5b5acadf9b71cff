// A graph with a fault is a valid file all the same: weak things that look strong, sizes that are wrong, names that are
// gone. So JavaScript plants objects whose place in the graph is known, and what can be counted in two ways is.
//
//   planted strong    Objects behind one kind of holder each: all must be nodes. Their addresses are read from the table of
//                     a WeakMap, which does not hold them.
//   planted weak      Keys and values of a WeakMap, targets of WeakRefs and of a FinalizationRegistry, a vm context: none
//                     may be a node.
//   names             Holders and what they hold, by an edge called "held": that edge must be there.
//   own sizes         Against V8's SizeFromMap, for one object of 64.
//   sum               Of all self sizes, against what V8 counts as used right after a full GC.
//
// The count of nodes and edges in the header is compared with what was written, by writer.cc: the end of the file is left
// out if they differ, so that no reader takes it for whole.

#include "checks.h"

#include "edges.h"
#include "problem.h"
#include "roots.h"

namespace graph {

SizeFigures sizes;

namespace {

constexpr size_t kCheckedOf = 64;
// Of sizes that were compared, the part that may be wrong.
constexpr double kWrongPart = 0.001;
// The sum may be over what V8 counts by this, and under it: V8 counts what it has not yet used of its pages.
constexpr double kOverPart = 0.01, kUnderPart = 0.02, kOverBytes = 512 << 10, kUnderBytes = 1 << 20;
// Without V8's roots, V8's own strings, code and builtins are missing: 0.4 to 0.7 MB were seen.
constexpr double kUnderBytesByHanded = 3 << 20;

size_t sizes_seen = 0, sizes_compared = 0, sizes_wrong = 0;

List<Word> strong, weak, named;
Word planted_context = 0;

// Keys of a WeakMap, and values that are objects.
void ReadPairs(Word map, List<Word>* into, bool values) {
  const Word table = WordAt(map, kFirstField);
  if (!LooksLikeObject(table) || TypeOf(table) != types.ephemerons) GiveUp(kGraphLayout, 200, 0);
  const size_t count = LengthOf(table);
  for (size_t i = 3; i + 1 < count; i += 2) {
    const Word key = Item(table, i), value = Item(table, i + 1);
    if (!LooksLikeObject(key) || TypeOf(key) == types.oddball) continue;
    into->Add(key);
    if (values && IsFunction(TypeOf(key))) planted_context = WordAt(key, static_cast<size_t>(at.function_context));
    if (values && LooksLikeObject(value) && IsJavaScript(TypeOf(value))) into->Add(value);
  }
}

template <typename Visit>
void EachItem(napi_env env, napi_value plan, const char* name, Visit visit) {
  napi_value list, item;
  uint32_t count = 0;
  if (napi_get_named_property(env, plan, name, &list) != napi_ok || napi_get_array_length(env, list, &count) != napi_ok) {
    GiveUp(kGraphLayout, 201, 0);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, list, i, &item) == napi_ok && LooksLikeObject(Pointer(item))) visit(Pointer(item));
  }
}

double NumberIn(napi_env env, napi_value plan, const char* name) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, plan, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number;
}

// Looks for an edge called "held" from one object to another.
struct FindHeld {
  static constexpr bool kNames = true;
  Word target;
  bool found;
  void Edge(EdgeKind kind, Name name, Word word) {
    const bool is_name = KindOf(name) == kHeapText && TextEquals(ValueOf(name), "held");
    found = found || (word == target && is_name && (kind == kPropertyEdge || kind == kContextEdge));
  }
  void Small(EdgeKind, Name, Word) {}
  void Double(uint64_t) {}
  void Store(uint64_t, uint64_t) {}
};

}  // namespace

void ReadPlan(napi_env env, napi_value plan) {
  napi_value counts;
  if (napi_get_named_property(env, plan, "countsOutside", &counts) == napi_ok) {
    napi_get_value_bool(env, counts, &counts_outside);
  }
  sizes.used_bytes = NumberIn(env, plan, "usedBytes");
  SetClassKeys(Named(env, plan, "constructorKey"), Named(env, plan, "tagKey"), Named(env, plan, "nameKey"));
  EachItem(env, plan, "handed", AddHandedRoot);
  EachItem(env, plan, "named", [](Word word) { named.Add(word); });
  EachItem(env, plan, "refs", [](Word reference) {
    const Word target = WordAt(reference, static_cast<size_t>(types.ref_target));
    if (TypeOf(reference) != types.weak_ref || !LooksLikeObject(target)) GiveUp(kGraphLayout, 202, 0);
    weak.Add(target);
  });
  ReadPairs(Named(env, plan, "weak"), &weak, true);
  ReadPairs(Named(env, plan, "strong"), &strong, false);
}

void CheckSize(Word object, Word hidden_class, int type, size_t size) {
  sizes.self_bytes += static_cast<double>(size);
  if (IsReadOnly(object)) sizes.read_only_bytes += static_cast<double>(size);
  if (sizes_seen++ % kCheckedOf != 0 || OwnSize(object, hidden_class, type) == 0) return;
  const size_t by_v8 = SizeByV8(object, hidden_class);
  if (by_v8 == 0) return;
  sizes_compared++;
  sizes_wrong += by_v8 != size;
}

bool BelongsToPlantedContext(Word object) {
  if (object == planted_context) return true;
  if (!LooksLikeObject(object)) return false;
  // From Node 22 on the hidden class of hidden classes is the context's own, which it holds in place of a constructor.
  const Word meta = WordAt(WordAt(object, 0), 0);
  return WordAt(meta, static_cast<size_t>(at.map_constructor)) == planted_context;
}

void CheckPlanted() {
  for (size_t i = 0; i < strong.count; i++) {
    if (!IsNode(strong[i])) GiveUp(kGraphStrong, static_cast<double>(i), static_cast<double>(strong.count));
  }
  for (size_t i = 0; i < weak.count; i++) {
    if (IsNode(weak[i])) GiveUp(kGraphWeak, static_cast<double>(i), static_cast<double>(weak.count));
  }
  // A function of the planted context is among the weak ones.
  if (strong.count == 0 || planted_context == 0) GiveUp(kGraphLayout, 203, 0);
}

void CheckGraph(bool v8_roots) {
  for (size_t i = 0; i + 1 < named.count; i += 2) {
    FindHeld find = {named[i + 1], false};
    if (IsNode(named[i])) EdgesOf<FindHeld>(named[i], find).Run();
    if (!find.found) GiveUp(kGraphNames, static_cast<double>(i / 2), static_cast<double>(named.count / 2));
  }
  if (static_cast<double>(sizes_wrong) > kWrongPart * static_cast<double>(sizes_compared)) {
    GiveUp(kGraphSizes, static_cast<double>(sizes_wrong), static_cast<double>(sizes_compared));
  }
  const double sum = sizes.self_bytes - sizes.read_only_bytes, used = sizes.used_bytes;
  const double least = used * (1 - kUnderPart) - (v8_roots ? kUnderBytes : kUnderBytesByHanded);
  if (sum < least || sum > used * (1 + kOverPart) + kOverBytes) GiveUp(kGraphSum, sum, used);
}

}  // namespace graph
