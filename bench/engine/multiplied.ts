/**
 * A large snapshot from a small one: `copies` heaps under one root, each with its own strings. A real snapshot of 2 GB
 * would need twenty times as much memory in the process that writes it.
 */
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[] };
    readonly node_count: number;
    readonly edge_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly locations: readonly number[];
  readonly strings: readonly string[];
}

const EDGE_FIELDS = 3;
/** Indices into V8's edge types; edges of these types have a number instead of a name. */
const NUMBERED = new Set([1, 4]);
const ELEMENT = 1;
const LOCATION_FIELDS = 4;

export async function multiplySnapshot(source: string, target: string, copies: number): Promise<void> {
  const one = JSON.parse(readFileSync(source, 'utf8')) as Snapshot;
  const out = createWriteStream(target);
  const write = async (text: string) => {
    if (!out.write(text)) await once(out, 'drain');
  };
  const fields = one.snapshot.meta.node_fields.length;
  const header = {
    ...one.snapshot,
    node_count: one.snapshot.node_count * copies + 1,
    edge_count: one.snapshot.edge_count * copies + copies,
  };
  const root = one.nodes.slice(0, fields);
  root[one.snapshot.meta.node_fields.indexOf('edge_count')] = copies;
  await write(`{"snapshot":${JSON.stringify(header)},\n"nodes":[${root.join(',')}`);
  for (let copy = 0; copy < copies; copy++) await writeNodes(one, copy, write);
  await write('],\n"edges":[');
  for (let copy = 0; copy < copies; copy++) {
    const first = (1 + copy * one.snapshot.node_count) * fields;
    await write(`${copy === 0 ? '' : '\n,'}${ELEMENT},${copy},${first}`);
  }
  for (let copy = 0; copy < copies; copy++) await writeEdges(one, copy, write);
  await write('],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[');
  for (let copy = 0; copy < copies; copy++) await writeLocations(one, copy, write);
  await write('],\n"strings":[');
  const strings = one.strings.map((text) => JSON.stringify(text)).join(',\n');
  for (let copy = 0; copy < copies; copy++) await write(copy === 0 ? strings : `,\n${strings}`);
  out.end(']}');
  await once(out, 'finish');
}

const ROWS_A_WRITE = 20_000;

type Write = (text: string) => Promise<void>;

/** Every row except the first of its section is preceded by a comma. */
async function writeRows(
  rows: number,
  width: number,
  value: (at: number) => number,
  write: Write,
  first = false,
): Promise<void> {
  for (let begin = 0; begin < rows; begin += ROWS_A_WRITE) {
    let text = '';
    for (let row = begin; row < Math.min(rows, begin + ROWS_A_WRITE); row++) {
      text += first && row === 0 ? '' : '\n,';
      for (let field = 0; field < width; field++)
        text += `${field === 0 ? '' : ','}${value(row * width + field)}`;
    }
    await write(text);
  }
}

function writeNodes({ snapshot, nodes, strings }: Snapshot, copy: number, write: Write): Promise<void> {
  const fields = snapshot.meta.node_fields.length;
  const [name, id] = [snapshot.meta.node_fields.indexOf('name'), snapshot.meta.node_fields.indexOf('id')];
  const idStep = 2 * snapshot.node_count;
  return writeRows(
    snapshot.node_count,
    fields,
    (at) => {
      const field = at % fields;
      if (field === name) return nodes[at]! + copy * strings.length;
      return field === id ? nodes[at]! + copy * idStep : nodes[at]!;
    },
    write,
  );
}

function writeEdges({ snapshot, edges, strings }: Snapshot, copy: number, write: Write): Promise<void> {
  const first = (1 + copy * snapshot.node_count) * snapshot.meta.node_fields.length;
  return writeRows(
    snapshot.edge_count,
    EDGE_FIELDS,
    (at) => {
      const field = at % EDGE_FIELDS;
      if (field === 2) return edges[at]! + first;
      return field === 1 && !NUMBERED.has(edges[at - 1]!) ? edges[at]! + copy * strings.length : edges[at]!;
    },
    write,
  );
}

function writeLocations({ snapshot, locations }: Snapshot, copy: number, write: Write): Promise<void> {
  const first = (1 + copy * snapshot.node_count) * snapshot.meta.node_fields.length;
  return writeRows(
    locations.length / LOCATION_FIELDS,
    LOCATION_FIELDS,
    (at) => locations[at]! + (at % LOCATION_FIELDS === 0 ? first : 0),
    write,
    copy === 0,
  );
}
