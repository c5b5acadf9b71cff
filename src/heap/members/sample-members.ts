import { ROLE } from '../graph/node-role.js';
import { target } from '../graph/scopes.js';
import type { ExtendedSeries, SeriesNode } from '../growth/growth-series.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { NODE, sizeOf } from '../snapshot/heap-snapshot.js';

/** Objects sampled for each node of the tree. */
const MAX_SAMPLES = 64;
/** Distinct parents of slices per node of the tree; bytes of further ones are not counted. */
const MAX_PARENTS = 1_000_000;

/** Some of the objects at one node of the tree in the latest snapshot. */
export interface Samples {
  readonly objects: readonly number[];
  /** Bytes of the strings that its sliced strings were cut out of, each counted once; 0 means there are no slices. */
  readonly parentBytes: number;
}

/** The latest heap, the series it extends, and objects sampled for rows of the series. */
export interface InspectedHeap extends ExtendedSeries {
  readonly heap: TracedHeap;
  readonly nodes: readonly SeriesNode[];
  readonly samples: ReadonlyMap<number, Samples>;
}

export const objectsOf = ({ samples }: InspectedHeap, row: number): readonly number[] =>
  samples.get(row)?.objects ?? [];

/** Node's native objects are roots to V8. */
const isObject = (role: number): boolean => role === ROLE.value || role === ROLE.root;

/** Series row → some of its objects in the latest snapshot. */
export function sampleMembers(
  heap: TracedHeap,
  rowOf: Int32Array,
  rows: ReadonlySet<number>,
): ReadonlyMap<number, Samples> {
  const { snapshot, treeOf, paths, weights } = heap;
  const samples = new Map([...rows].map((row) => [row, { objects: [] as number[], parentBytes: 0 }]));
  const parents = new Map<number, Set<number>>();
  /** Tree node → 1 when it is wanted: most are not. */
  const wanted = Uint8Array.from(rowOf, (row) => (rows.has(row) ? 1 : 0));
  for (let node = 0; node < treeOf.length; node++) {
    if (wanted[treeOf[node]!] !== 1 || !isObject(paths.roles[node]!)) continue;
    // The digits of a number are a string to V8, counted with the object whose number it is.
    if (paths.parent[node]! > 0 && paths.roles[paths.parent[node]!] === ROLE.leaf) continue;
    const row = rowOf[treeOf[node]!]!;
    const sample = samples.get(row)!;
    if (sample.objects.length < MAX_SAMPLES) sample.objects.push(node);
    if (snapshot.nodeType[node] !== NODE['sliced string']) continue;
    const parent = target(snapshot, node, 'parent');
    const known = parents.get(row) ?? new Set();
    parents.set(row, known);
    if (parent < 0 || known.has(parent) || known.size === MAX_PARENTS) continue;
    known.add(parent);
    sample.parentBytes += weights === null ? sizeOf(snapshot, parent) : weights.bytes[parent]!;
  }
  return samples;
}
