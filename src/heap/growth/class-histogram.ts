import { dominatorTree } from '../graph/dominator-tree.js';
import type { Dominance } from '../graph/heap-graph.js';
import { type HeapSnapshot, HUGE_SIZE, sizeOf } from '../snapshot/heap-snapshot.js';
import { type ClassKey, type ClassTable, classTable } from './class-key.js';
import type { ClassNames } from './class-names.js';
import type { SampleWeights } from './sample-weights.js';

export interface ClassRow extends ClassKey {
  /** ClassId in the table it was counted by. */
  readonly classId: number;
  readonly count: number;
  /** Shallow bytes. */
  readonly bytes: number;
}

/**
 * Objects of each class and their shallow size; zero-sized nodes (small integers) are not objects. `weights`: how many
 * objects each one of a sampled snapshot stands for; without them each counts as one.
 */
export function classHistogram(
  snapshot: HeapSnapshot,
  names: ClassNames,
  weights: SampleWeights | null,
  { keys, classOf }: ClassTable = classTable(snapshot, names),
): readonly ClassRow[] {
  const counts = new Float64Array(keys.length);
  const bytes = new Float64Array(keys.length);
  const { selfSize } = snapshot;
  for (let node = 0; node < classOf.length; node++) {
    const size = selfSize[node]!;
    if (size === 0) continue;
    const id = classOf[node]!;
    if (weights !== null) {
      counts[id]! += weights.weight[node]!;
      bytes[id]! += weights.bytes[node]!;
      continue;
    }
    counts[id]!++;
    bytes[id]! += size === HUGE_SIZE ? sizeOf(snapshot, node) : size;
  }
  const rows: ClassRow[] = [];
  for (const [classId, key] of keys.entries()) {
    const [count, shallow] = [Math.round(counts[classId]!), Math.round(bytes[classId]!)];
    if (count > 0) rows.push({ ...key, classId, count, bytes: shallow });
  }
  return rows;
}

/**
 * ClassId → bytes that its objects retain together. An object below another of its class is in that one's retained size
 * already and is not added again; this is the rule of DevTools (calculateClassesRetainedSize). Takes 20 bytes a node
 * while it works.
 */
export function retainedByClass(
  snapshot: HeapSnapshot,
  { keys, classOf }: ClassTable,
  { idom, retainedSize }: Dominance,
): Float64Array {
  const bytes = new Float64Array(keys.length);
  /** ClassId → the rank up to which its objects are below one that was added. */
  const covered = new Uint32Array(keys.length);
  const { node: nodes, end } = dominatorTree(idom);
  for (let rank = 0; rank < nodes.length; rank++) {
    const node = nodes[rank]!;
    const id = classOf[node]!;
    if (rank < covered[id]! || sizeOf(snapshot, node) === 0) continue;
    bytes[id]! += retainedSize[node]!;
    covered[id] = end[rank]!;
  }
  return bytes;
}
