import { EDGE_TYPES, NODE_TYPES } from '../../src/heap/snapshot/heap-snapshot.js';

/**
 * A heap drawn as text, one object or edge a line. `root` already exists.
 *
 *     global: object global 40
 *     order*3: object Order 24
 *     root -shortcut 1-> global
 *     global -property orders-> list
 *     list -element #-> order
 *
 * `order*3` means three objects. An edge from one object to several goes to each of them; `#` (or `#*3+259`) stands for
 * its number, `\\#` for the character itself. An edge between two sets of the same size connects them pair by pair.
 * Names with spaces are quoted. `order @ 7:3:10` says that V8's script 7 defines its class, in line 3 and column 10.
 */
export function drawHeap(drawing: string, style: 'node-20' | 'node-24' = 'node-20'): Uint8Array {
  const sketch = new Sketch();
  for (const line of drawing.split('\n').map((text) => text.trim())) {
    if (line !== '' && !line.startsWith('//')) sketch.read(line);
  }
  return Buffer.from(sketch.write(style));
}

/** The bytes in pieces of one size, as from a stream. */
export async function* inChunks(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface DrawnNode {
  readonly type: number;
  readonly name: number;
  readonly size: number;
  readonly edges: { readonly type: number; readonly name: number; readonly to: number }[];
}

const NODE = new RegExp(
  `^(\\w+)(?:\\*(\\d+))?: (${[...NODE_TYPES].sort((a, b) => b.length - a.length).join('|')}) (?:"([^"]*)"|(\\S+))(?: (\\d+))?$`,
);
const EDGE = new RegExp(`^(\\w+) -(${EDGE_TYPES.join('|')}) (.+)-> (\\w+)$`);
const LOCATION = /^(\w+) @ (\d+):(\d+):(\d+)$/;
const DEFAULT_SIZE = 16;

class Sketch {
  readonly #strings: string[] = [];
  readonly #nodes: DrawnNode[] = [];
  readonly #locations: { readonly node: number; readonly place: readonly number[] }[] = [];
  readonly #sets = new Map<string, readonly number[]>();

  constructor() {
    this.read('root: synthetic "" 0');
  }

  read(line: string): void {
    const node = NODE.exec(line);
    const edge = EDGE.exec(line);
    const location = LOCATION.exec(line);
    if (node !== null) this.#addNodes(node);
    else if (edge !== null) this.#addEdges(edge, line);
    else if (location !== null) this.#addLocations(location, line);
    else throw new Error(`not a drawing: ${line}`);
  }

  #addNodes([, id, count, type, quoted, plain, size]: RegExpExecArray): void {
    const first = this.#nodes.length;
    const ordinals = Array.from({ length: Number(count ?? 1) }, (_, index) => first + index);
    for (const index of ordinals.keys()) {
      this.#nodes.push({
        type: NODE_TYPES.indexOf(type as (typeof NODE_TYPES)[number]),
        name: this.#string((quoted ?? plain ?? '').replaceAll('#', String(index))),
        size: Number(size ?? DEFAULT_SIZE),
        edges: [],
      });
    }
    this.#sets.set(id!, ordinals);
  }

  #addLocations([, id, ...place]: RegExpExecArray, line: string): void {
    const nodes = this.#sets.get(id!);
    if (nodes === undefined) throw new Error(`no such object: ${line}`);
    for (const node of nodes) this.#locations.push({ node, place: place.map(Number) });
  }

  #addEdges([, fromId, type, pattern, toId]: RegExpExecArray, line: string): void {
    const from = this.#sets.get(fromId!);
    const to = this.#sets.get(toId!);
    if (from === undefined || to === undefined) throw new Error(`no such object: ${line}`);
    for (let index = 0; index < Math.max(from.length, to.length); index++) {
      const name = pattern!
        .replace(/(?<!\\)#(?:\*(\d+))?(?:\+(\d+))?/g, (_, factor?: string, offset?: string) =>
          String(index * Number(factor ?? 1) + Number(offset ?? 0)),
        )
        .replaceAll('\\#', '#');
      const numbered = type === 'element' || type === 'hidden';
      this.#nodes[from[from.length === 1 ? 0 : index]!]!.edges.push({
        type: EDGE_TYPES.indexOf(type as (typeof EDGE_TYPES)[number]),
        name: numbered ? Number(name) : this.#string(name),
        to: to[to.length === 1 ? 0 : index]!,
      });
    }
  }

  #string(text: string): number {
    const known = this.#strings.indexOf(text);
    return known >= 0 ? known : this.#strings.push(text) - 1;
  }

  write(style: 'node-20' | 'node-24'): string {
    const extra = style === 'node-20' ? ['trace_node_id', 'detachedness'] : ['detachedness'];
    const fields = ['type', 'name', 'id', 'self_size', 'edge_count', ...extra];
    const edges = this.#nodes.flatMap((node) => node.edges);
    const separator = style === 'node-20' ? '\n,' : ',';
    const nodeRows = this.#nodes.map((node, ordinal) =>
      [node.type, node.name, ordinal * 2 + 1, node.size, node.edges.length, ...extra.map(() => 0)].join(','),
    );
    const edgeRows = edges.map((edge) => [edge.type, edge.name, edge.to * fields.length].join(','));
    const locationRows = this.#locations.map(({ node, place }) => [node * fields.length, ...place].join(','));
    const header = {
      meta: {
        node_fields: fields,
        node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number'],
        edge_fields: ['type', 'name_or_index', 'to_node'],
        edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
        location_fields: ['object_index', 'script_id', 'line', 'column'],
      },
      node_count: this.#nodes.length,
      edge_count: edges.length,
    };
    return [
      `{"snapshot":${JSON.stringify(header)}`,
      `"nodes":[${nodeRows.join(separator)}]`,
      `"edges":[${edgeRows.join(separator)}]`,
      `"trace_function_infos":[],"trace_tree":[],"samples":[],"locations":[${locationRows.join(separator)}]`,
      `"strings":${JSON.stringify(this.#strings, null, 1)}}`,
    ].join(',\n');
  }
}
