/** A `.heapsnapshot` as JSON, with nothing of our engine in between. */
export interface RawSnapshot {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly locationCount: number;
  typeOf(node: number): string;
  nameOf(node: number): string;
  sizeOf(node: number): number;
  edgesOf(node: number): readonly RawEdge[];
}

interface RawEdge {
  readonly type: string;
  readonly name: string;
  readonly to: number;
}

interface SnapshotFile {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly (readonly string[])[];
      readonly edge_types: readonly (readonly string[])[];
    };
    readonly node_count: number;
    readonly edge_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly locations: readonly number[];
  readonly strings: readonly string[];
}

const EDGE_FIELDS = 3;
const LOCATION_FIELDS = 4;

export function readRaw(bytes: Buffer): RawSnapshot {
  const { snapshot, nodes, edges, locations, strings } = JSON.parse(bytes.toString()) as SnapshotFile;
  const { node_fields: fields, node_types: nodeTypes, edge_types: edgeTypes } = snapshot.meta;
  const width = fields.length;
  const at = (node: number, field: string): number => nodes[node * width + fields.indexOf(field)]!;
  const first: number[] = [0];
  for (let node = 0; node < snapshot.node_count; node++) first.push(first[node]! + at(node, 'edge_count'));
  const edgeOf = (edge: number): RawEdge => {
    const [type, name, to] = edges.slice(edge * EDGE_FIELDS, (edge + 1) * EDGE_FIELDS);
    const typeName = edgeTypes[0]![type!]!;
    const isIndex = typeName === 'element' || typeName === 'hidden';
    return { type: typeName, name: isIndex ? String(name) : strings[name!]!, to: to! / width };
  };
  return {
    nodeCount: nodes.length / width,
    edgeCount: edges.length / EDGE_FIELDS,
    locationCount: locations.length / LOCATION_FIELDS,
    typeOf: (node) => nodeTypes[0]![at(node, 'type')]!,
    nameOf: (node) => strings[at(node, 'name')]!,
    sizeOf: (node) => at(node, 'self_size'),
    edgesOf: (node) =>
      Array.from({ length: at(node, 'edge_count') }, (_, index) => edgeOf(first[node]! + index)),
  };
}
