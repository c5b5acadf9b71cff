import type { RawSnapshot } from './raw-snapshot.js';
import { readRaw } from './raw-snapshot.js';

/** Kinds of objects that a program has; all others are V8's own. */
const JAVASCRIPT = ['object', 'closure', 'regexp', 'bigint', 'concatenated string', 'sliced string'];

export interface SnapshotCounts {
  readonly nodes: number;
  readonly edges: number;
  /** By type and class of JavaScript objects: how many there are, and their bytes. */
  readonly classes: ReadonlyMap<string, readonly [count: number, bytes: number]>;
  readonly locations: number;
  /** Variables of functions, by name: how many references lead through them. V8 has no names for those of blocks. */
  readonly variables: ReadonlyMap<string, number>;
}

/**
 * Counts what both writers have. Left out: the texts of numbers, of which V8 writes one for each number on the heap and the
 * native writer one for each distinct number; synthetic nodes; and Node's own nodes of native memory.
 */
export function countSnapshot(bytes: Buffer): SnapshotCounts {
  const raw = readRaw(bytes);
  const classes = new Map<string, [number, number]>();
  const variables = new Map<string, number>();
  let nodes = 0;
  let edges = 0;
  for (let node = 0; node < raw.nodeCount; node++) {
    if (isLeftOut(raw, node)) continue;
    nodes += 1;
    for (const edge of raw.edgesOf(node)) {
      if (!isLeftOut(raw, edge.to) && !isCode(raw, node, edge.name)) edges += 1;
      if (edge.type === 'context') variables.set(edge.name, (variables.get(edge.name) ?? 0) + 1);
    }
    const type = raw.typeOf(node);
    if (!JAVASCRIPT.includes(type)) continue;
    const key = `${type} ${type === 'regexp' ? '' : raw.nameOf(node)}`;
    const known = classes.get(key) ?? [0, 0];
    classes.set(key, [known[0] + 1, known[1] + raw.sizeOf(node)]);
  }
  return { nodes, edges, classes, variables, locations: raw.locationCount };
}

function isLeftOut(raw: RawSnapshot, node: number): boolean {
  const type = raw.typeOf(node);
  if (type === 'synthetic') return true;
  if (type === 'native') return !raw.nameOf(node).startsWith('system /');
  return (type === 'string' || type === 'number') && raw.sizeOf(node) === 0;
}

/** From Node 24 on a function's code is found by a table outside the heap. */
function isCode(raw: RawSnapshot, node: number, edge: string): boolean {
  return edge === 'code' && raw.typeOf(node) === 'closure';
}
