import {
  EDGE_TYPES,
  type EdgeType,
  NODE_TYPES,
  type NodeType,
} from '../../src/heap/snapshot/heap-snapshot.js';
import { seededRandom } from './seeded-random.js';

interface RandomNode {
  readonly type: NodeType;
  readonly name: string;
  readonly size: number;
}

export interface RandomEdge {
  readonly from: number;
  readonly to: number;
  readonly type: EdgeType;
  /** The number of an element or hidden edge, in decimal. */
  readonly name: string;
}

export interface RandomHeap {
  readonly nodes: readonly RandomNode[];
  /** In the order of their source nodes. */
  readonly edges: readonly RandomEdge[];
  /** Node → script, line, column. */
  readonly locations: ReadonlyMap<number, readonly [number, number, number]>;
}

const NODES: readonly (readonly [NodeType, readonly string[]])[] = [
  [
    'object',
    ['Object', 'Object', 'Object', 'Session', 'Session', 'Array', 'Stream', '<div id="a">', '<div>'],
  ],
  ['array', ['', '(map descriptors)', '(object elements)']],
  ['hidden', ['system / NativeContext', 'system / Map', 'system / Cell']],
  ['closure', ['handler', 'next', '']],
  ['string', ['text', 'more text']],
  ['native', ['system / ExternalStringData', 'Node / Buffer']],
  ['code', ['(shared function info)']],
  ['synthetic', ['(Stack roots)', '(Global handles)']],
  ['regexp', ['a+']],
];
const EDGES: readonly EdgeType[] = [
  'property',
  'property',
  'property',
  'internal',
  'internal',
  'element',
  'hidden',
  'context',
  'weak',
  'shortcut',
];
const NAMES = ['a', 'b', 'c', 'map', 'elements', 'x,y', '__proto__', 'sloppy_function_map', '4', '7', '12'];

/**
 * A heap that no program would create: edges between any two nodes except to the root, cycles, unreachable nodes,
 * WeakMap entries, several edges between two nodes. The root has at most one edge to a node, as in real snapshots.
 */
export function randomHeap(seed: number): RandomHeap {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const nodes: RandomNode[] = [{ type: 'synthetic', name: '', size: 0 }];
  const count = 2 + random.below(seed % 10 === 0 ? 250 : 40);
  while (nodes.length < count) {
    const [type, names] = random.below(2) === 0 ? NODES[0]! : pick(NODES);
    nodes.push({ type, name: pick(names), size: random.below(8) * 8 });
  }
  const edges: RandomEdge[] = [];
  for (let to = 1; to < count; to++) {
    const way = random.below(8);
    if (way === 0) edges.push({ from: 0, to, type: 'shortcut', name: 'global' });
    if (way === 1) edges.push({ from: 0, to, type: 'element', name: String(to) });
    if (way === 2 && random.below(3) === 0) edges.push({ from: 0, to, type: 'weak', name: 'w' });
  }
  const numbered = (type: EdgeType) => type === 'element' || type === 'hidden';
  const density = 1 + random.below(4);
  for (let left = random.below(count * density + 1); left > 0; left--) {
    const type = pick(EDGES);
    const from = 1 + random.below(count - 1);
    const to = random.below(3) === 0 ? 1 + random.below(count - 1) : 1 + random.below(Math.ceil(count / 4));
    edges.push({
      from,
      to: Math.min(to, count - 1),
      type,
      name: numbered(type) ? String(random.below(9)) : pick(NAMES),
    });
  }
  for (let left = random.below(5); left > 0; left--) {
    const table = 1 + random.below(count - 1);
    const key = 1 + random.below(count - 1);
    const value = 1 + random.below(count - 1);
    if (nodes[table]!.type !== 'array' || nodes[key]!.type === 'array') continue;
    const name = ` / part of key (K @${idOf(key)}) -> value (V @${idOf(value)}) pair in WeakMap (table @${idOf(table)})`;
    edges.push({ from: table, to: value, type: 'internal', name: `${left}${name}` });
    edges.push({ from: key, to: value, type: 'internal', name: `1${left}${name}` });
  }
  const locations = new Map<number, readonly [number, number, number]>();
  for (const [node, { type }] of nodes.entries()) {
    if (type === 'object' && random.below(4) === 0)
      locations.set(node, [random.below(2), random.below(2), 3]);
  }
  return { nodes, edges: edges.sort((a, b) => a.from - b.from), locations };
}

const idOf = (node: number) => node * 2 + 1;

/** The heap as V8 would write it. */
export function writeHeap({ nodes, edges, locations }: RandomHeap): Uint8Array {
  const strings: string[] = [];
  const indices = new Map<string, number>();
  const string = (text: string) => {
    const known = indices.get(text);
    if (known !== undefined) return known;
    indices.set(text, strings.length);
    return strings.push(text) - 1;
  };
  const counts = nodes.map(() => 0);
  for (const { from } of edges) counts[from]!++;
  const fields = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];
  return Buffer.from(
    JSON.stringify({
      snapshot: {
        meta: {
          node_fields: fields,
          node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number'],
          edge_fields: ['type', 'name_or_index', 'to_node'],
          edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
          location_fields: ['object_index', 'script_id', 'line', 'column'],
        },
        node_count: nodes.length,
        edge_count: edges.length,
      },
      nodes: nodes.flatMap(({ type, name, size }, node) => [
        NODE_TYPES.indexOf(type),
        string(name),
        idOf(node),
        size,
        counts[node]!,
        0,
      ]),
      edges: edges.flatMap(({ type, name, to }) => [
        EDGE_TYPES.indexOf(type),
        type === 'element' || type === 'hidden' ? Number(name) : string(name),
        to * fields.length,
      ]),
      samples: [],
      locations: [...locations].flatMap(([node, place]) => [node * fields.length, ...place]),
      strings,
    }),
  );
}
