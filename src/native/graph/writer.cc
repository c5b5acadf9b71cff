// Nodes are numbered: the root, "(GC roots)", its groups; all objects in the order of addresses; two for each distinct
// small integer (number and text), one for the text of each distinct double; memory of buffers outside the heap. An edge
// names its target by this number times the fields of a node. Every pass visits objects in the order of addresses and
// enumerates their edges with the same template (edges.h), so what the survey counted is what is written.

#include "writer.h"

#include "edges.h"
#include "labels.h"
#include "output.h"
#include "problem.h"
#include "roots.h"
#include "survey.h"

namespace graph {

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

uint64_t nodes_written = 0, edges_written = 0;

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
  size_t low = 0, high = surveyed.stores.count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (surveyed.stores[middle].address < address) low = middle + 1;
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
    if (index >= 0) WriteEdge(kind, NameIndex(name), surveyed.first_small + 2 * static_cast<uint64_t>(index));
  }
  void Double(uint64_t bits) {
    const int64_t index = double_numbers.Find(bits);
    if (index >= 0) WriteEdge(kInternalEdge, tValue, surveyed.first_double + static_cast<uint64_t>(index));
  }
  void Store(uint64_t address, uint64_t) { WriteEdge(kInternalEdge, tStore, surveyed.first_store + StoreIndex(address)); }
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

void WriteHead() {
  out.Text(kHead);
  out.Room(Output::kRoom);
  out.Number(surveyed.nodes);
  out.Text(",\"edge_count\":");
  out.Room(Output::kRoom);
  out.Number(surveyed.edges);
  out.Text(",\"trace_function_count\":0},\n\"nodes\":[");
}

void WriteNodes() {
  WriteNode(kSynthetic, tBlank, 0, 2);
  WriteNode(kSynthetic, tRoots, 0, static_cast<uint32_t>(surveyed.groups));
  for (size_t i = 0; i < surveyed.groups; i++) WriteNode(kSynthetic, surveyed.group_texts[i], 0, surveyed.group_edges[i]);
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
  for (size_t i = 0; i < surveyed.stores.count; i++) WriteNode(kNative, tStoreData, surveyed.stores[i].bytes, 0);
}

void WriteEdges() {
  WriteEdge(kElementEdge, 1, 1);
  WriteEdge(kShortcutEdge, NameIndex(NameOf(kIndexText, 2)), IsNode(surveyed.global) ? NodeNumber(surveyed.global) : 1);
  for (size_t i = 0; i < surveyed.groups; i++) WriteEdge(kElementEdge, static_cast<uint32_t>(i + 1), 2 + i);
  for (size_t i = 0; i < surveyed.groups; i++) {
    uint64_t index = 0;
    for (size_t at_root = 0; at_root < root_edges.count; at_root++) {
      const RootEdge& edge = root_edges[at_root];
      if (edge.group != surveyed.group_numbers[i]) continue;
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
  for (size_t i = 0; i < small_numbers.table.entries.count; i++) WriteEdge(kInternalEdge, tValue, surveyed.first_small + 2 * i + 1);
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
  if (nodes_written != surveyed.nodes || edges_written != surveyed.edges) {
    GiveUp(kGraphCounts, static_cast<double>(nodes_written + edges_written),
           static_cast<double>(surveyed.nodes + surveyed.edges));
  }
  out.Text("]}");
  out.Flush();
}

}  // namespace graph
