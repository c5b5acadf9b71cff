// Nodes are numbered: the root, "(GC roots)", its groups; all objects in the order of addresses; two for each distinct
// small integer (number and text), one for the text of each distinct double; memory of buffers outside the heap. An edge
// names its target by this number times the fields of a node. Every pass visits objects in the order of addresses and
// enumerates their edges with the same template (edges.h), so what the survey counted is what is written.

#include "writer.h"

#include "checks.h"
#include "edges.h"
#include "output.h"
#include "problem.h"
#include "roots.h"

namespace graph {

WriterFigures written;

namespace {

constexpr char kHead[] =
    "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\",\"detachedness\"],"
    "\"node_types\":[[\"hidden\",\"array\",\"string\",\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\","
    "\"synthetic\",\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object shape\"],\"string\","
    "\"number\",\"number\",\"number\",\"number\"],\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"
    "\"edge_types\":[[\"context\",\"element\",\"property\",\"internal\",\"hidden\",\"shortcut\",\"weak\"],"
    "\"string_or_number\",\"node\"],\"trace_function_info_fields\":[\"function_id\",\"name\",\"script_name\","
    "\"script_id\",\"line\",\"column\"],\"trace_node_fields\":[\"id\",\"function_info_index\",\"count\",\"size\","
    "\"children\"],\"sample_fields\":[\"timestamp_us\",\"last_assigned_id\"],\"location_fields\":[\"object_index\","
    "\"script_id\",\"line\",\"column\"]},\"node_count\":";
constexpr unsigned kNodeFields = 6;

struct StoreOfBuffer {
  uint64_t address, bytes;
};
List<StoreOfBuffer> stores;  // sorted by address once surveyed

Word global_object = 0;
size_t groups = 0;
uint8_t group_numbers[kGroups];
uint32_t group_texts[kGroups], group_edges[kGroups];
uint32_t first_object, first_small, first_double, first_store;
uint64_t nodes_written = 0, edges_written = 0;

struct SurveySink {
  static constexpr bool kNames = true;
  void Edge(EdgeKind kind, Name name, Word target) {
    if (!IsNode(target) || IsNonEssential(kind, target)) return;
    written.edges++;
    if (KindOf(name) == kIndexText) NeedIndexText(ValueOf(name));
  }
  void Small(EdgeKind, Name, Word number) { written.edges += small_numbers.Add(number); }
  void Double(uint64_t bits) { written.edges += double_numbers.Add(bits); }
  void Store(uint64_t address, uint64_t bytes) {
    stores.Add(StoreOfBuffer{address, bytes});
    written.edges++;
  }
};

struct CountSink {
  static constexpr bool kNames = false;
  uint32_t count = 0;
  void Edge(EdgeKind kind, Name, Word target) { count += IsNode(target) && !IsNonEssential(kind, target); }
  void Small(EdgeKind, Name, Word number) { count += !small_numbers.full || small_numbers.Find(number) >= 0; }
  void Double(uint64_t bits) { count += !double_numbers.full || double_numbers.Find(bits) >= 0; }
  void Store(uint64_t, uint64_t) { count++; }
};

void WriteEdge(EdgeKind kind, uint32_t name, uint64_t node) {
  out.Room(Output::kRoom);
  if (edges_written++ > 0) out.Char(',');
  out.Char(static_cast<char>('0' + kind));
  out.Char(',');
  out.Number(name);
  out.Char(',');
  out.Number(node * kNodeFields);
  out.Char('\n');
}

size_t StoreIndex(uint64_t address) {
  size_t low = 0, high = stores.count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (stores[middle].address < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

struct EdgeSink {
  static constexpr bool kNames = true;
  void Edge(EdgeKind kind, Name name, Word target) {
    if (IsNode(target) && !IsNonEssential(kind, target)) WriteEdge(kind, NameIndex(name), NodeNumber(target));
  }
  void Small(EdgeKind kind, Name name, Word number) {
    const int64_t index = small_numbers.Find(number);
    if (index >= 0) WriteEdge(kind, NameIndex(name), first_small + 2 * static_cast<uint64_t>(index));
  }
  void Double(uint64_t bits) {
    const int64_t index = double_numbers.Find(bits);
    if (index >= 0) WriteEdge(kInternalEdge, tValue, first_double + static_cast<uint64_t>(index));
  }
  void Store(uint64_t address, uint64_t) { WriteEdge(kInternalEdge, tStore, first_store + StoreIndex(address)); }
};

void WriteNode(NodeType type, uint32_t name, size_t size, uint32_t edges) {
  out.Room(Output::kRoom);
  if (nodes_written > 0) out.Char(',');
  out.Number(type);
  out.Char(',');
  out.Number(name);
  out.Char(',');
  out.Number(2 * nodes_written++ + 1);
  out.Char(',');
  out.Number(size);
  out.Char(',');
  out.Number(edges);
  out.Text(",0\n", 3);
}

struct Label {
  NodeType type;
  Name name;
};

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

void SortStores() {
  Sort(stores, [](const StoreOfBuffer& a, const StoreOfBuffer& b) {
    return a.address != b.address ? a.address < b.address : a.bytes > b.bytes;
  });
  size_t kept = 0;
  for (size_t i = 0; i < stores.count; i++) {
    if (kept == 0 || stores[kept - 1].address != stores[i].address) stores[kept++] = stores[i];
  }
  stores.count = kept;
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
    group_numbers[groups] = static_cast<uint8_t>(group);
    group_edges[groups] = counts[group];
    group_texts[groups++] = GroupText(static_cast<uint8_t>(group));
    NeedIndexText(counts[group]);
  }
  NeedIndexText(2);
  written.edges += 2 + groups + kept;
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
  first_object = 2 + static_cast<uint32_t>(groups);
  first_small = NumberAll(&Chunk::nodes, first_object);
  first_double = first_small + 2 * static_cast<uint32_t>(small_numbers.table.entries.count);
  first_store = first_double + static_cast<uint32_t>(double_numbers.table.entries.count);
  written.nodes = first_store + stores.count;
  written.edges += small_numbers.table.entries.count + weak_pairs.count;
}

void WriteHead() {
  out.Text(kHead);
  out.Room(Output::kRoom);
  out.Number(written.nodes);
  out.Text(",\"edge_count\":");
  out.Room(Output::kRoom);
  out.Number(written.edges);
  out.Text(",\"trace_function_count\":0},\n\"nodes\":[");
}

void WriteNodes() {
  WriteNode(kSynthetic, tBlank, 0, 2);
  WriteNode(kSynthetic, tRoots, 0, static_cast<uint32_t>(groups));
  for (size_t i = 0; i < groups; i++) WriteNode(kSynthetic, group_texts[i], 0, group_edges[i]);
  size_t pair = 0;
  EachObject(&Chunk::nodes, [&](Word object) {
    CountSink sink;
    EdgesOf<CountSink>(object, sink).Run();
    for (; pair < weak_pairs.count && weak_pairs[pair].key <= object; pair++) sink.count++;
    const Word hidden_class = WordAt(object, 0);
    const int type = TypeOf(object);
    const Label label = LabelOf(object, hidden_class, type);
    const size_t size = ShownSize(object, type, SizeOf(object, hidden_class, type));
    WriteNode(label.type, NameIndex(label.name), size, sink.count);
  });
  for (size_t i = 0; i < small_numbers.table.entries.count; i++) {
    WriteNode(kNumber, tSmallNumber, 0, 1);
    WriteNode(kString, NameIndex(NameOf(kSmallText, i)), 0, 0);
  }
  for (size_t i = 0; i < double_numbers.table.entries.count; i++) {
    WriteNode(kString, NameIndex(NameOf(kDoubleText, i)), 0, 0);
  }
  for (size_t i = 0; i < stores.count; i++) WriteNode(kNative, tStoreData, stores[i].bytes, 0);
}

void WriteEdges() {
  WriteEdge(kElementEdge, 1, 1);
  WriteEdge(kShortcutEdge, NameIndex(NameOf(kIndexText, 2)), IsNode(global_object) ? NodeNumber(global_object) : 1);
  for (size_t i = 0; i < groups; i++) WriteEdge(kElementEdge, static_cast<uint32_t>(i + 1), 2 + i);
  for (size_t i = 0; i < groups; i++) {
    uint64_t index = 0;
    for (size_t at_root = 0; at_root < root_edges.count; at_root++) {
      const RootEdge& edge = root_edges[at_root];
      if (edge.group != group_numbers[i]) continue;
      WriteEdge(edge.hold == kHoldsWeakly ? kWeakEdge : kInternalEdge, NameIndex(NameOf(kIndexText, index++)), NodeNumber(edge.target));
    }
  }
  size_t pair = 0;
  EdgeSink sink;
  EachObject(&Chunk::nodes, [&](Word object) {
    EdgesOf<EdgeSink>(object, sink).Run();
    for (; pair < weak_pairs.count && weak_pairs[pair].key <= object; pair++) {
      sink.Edge(kInternalEdge, NameOf(kPairText, pair), weak_pairs[pair].value);
    }
  });
  for (size_t i = 0; i < small_numbers.table.entries.count; i++) WriteEdge(kInternalEdge, tValue, first_small + 2 * i + 1);
}

// Where functions, generators and the constructors of objects are in their scripts.
void WriteLocations() {
  bool is_first = true;
  EachObject(&Chunk::nodes, [&](Word object) {
    const int type = TypeOf(object);
    if (!IsJavaScript(type)) return;
    const Word function = IsFunction(type) ? object
                          : IsSuspended(type) ? WordAt(object, kFirstField)
                                              : ClassOf(object, WordAt(object, 0)).function;
    if (!IsNode(function) || !IsFunction(TypeOf(function))) return;
    const Word shared = WordAt(function, static_cast<size_t>(at.function_shared));
    if (!IsNode(shared) || TypeOf(shared) != types.shared) return;
    const Place place = PlaceOf(shared);
    if (place.script < 0) return;
    out.Room(Output::kRoom);
    if (!is_first) out.Char(',');
    is_first = false;
    out.Number(uint64_t{NodeNumber(object)} * kNodeFields);
    const int numbers[] = {place.script, place.line, place.column};
    for (int number : numbers) {
      out.Char(',');
      out.Number(number < 0 ? 0 : static_cast<uint64_t>(number));
    }
    out.Char('\n');
  });
}

}  // namespace

uint64_t PairOf(Word key, Word table) {
  size_t low = 0, high = weak_pairs.count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (weak_pairs[middle].key < key) low = middle + 1;
    else high = middle;
  }
  while (low < weak_pairs.count && weak_pairs[low].key == key && weak_pairs[low].table != table) low++;
  return low < weak_pairs.count && weak_pairs[low].key == key ? low : 0;
}

void Survey(Word global) {
  global_object = global;
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

void Write(int descriptor) {
  out.Open(descriptor);
  WriteHead();
  WriteNodes();
  out.Text("],\n\"edges\":[");
  WriteEdges();
  out.Text("],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[");
  WriteLocations();
  out.Text("],\n\"strings\":[");
  WriteTexts();
  if (nodes_written != written.nodes || edges_written != written.edges) {
    GiveUp(kGraphCounts, static_cast<double>(nodes_written + edges_written),
           static_cast<double>(written.nodes + written.edges));
  }
  out.Text("]}");
  out.Flush();
}

}  // namespace graph
