/**
 * The memory of a process's snapshots: one tree whose nodes carry a figure for every snapshot kept. A new tree is laid
 * over it step by step: a node that is new is zero before, a node that the new tree lacks is zero now.
 */
import type { ClassGrowth } from './class-growth.js';
import type { ClassRow } from './class-histogram.js';
import { classText } from './class-key.js';
import type { PathTree, TreeStep } from './path-tree.js';

/** Snapshots kept: the first and the latest 15. */
export const MAX_STEPS = 16;
/**
 * Classes kept from one snapshot to the next, most grown and then largest first; one left out counts as new when it
 * comes back. A bare Node has about 3,000, most of them functions.
 */
const MAX_CLASSES = 8_000;
/** Nodes kept from one snapshot to the next. */
const MAX_NODES = 40_000;
/** A node below all of these is left out until it passes one. */
const MIN_COUNT = 4;
const MIN_BYTES = 512;
/** V8's own are many and seldom matter: a higher price. */
const MIN_ARTEFACT_BYTES = 65_536;

export interface SeriesNode extends TreeStep {
  /** Index of the node above, −1 means the root. */
  readonly parent: number;
  /** Bits of ARTEFACT. */
  readonly artefact: number;
  /** Children were left out for lack of room: the past of a child that appears is unknown. */
  readonly cut: boolean;
  /** In one of the snapshots its bytes were an estimate, that of a sampled capture. */
  readonly scaled: boolean;
  /** One figure a kept snapshot, oldest first. */
  readonly counts: readonly number[];
  /** Shallow bytes of the members and all below. */
  readonly bytes: readonly number[];
  readonly entries: readonly number[];
}

export interface GrowthSeries {
  /** Milliseconds since the Unix epoch, one a kept snapshot. */
  readonly times: readonly number[];
  readonly heapBytes: readonly number[];
  readonly classes: readonly ClassGrowth[];
  /** Row 0 is the root; a parent stands before its children. */
  readonly nodes: readonly SeriesNode[];
}

export interface Observation {
  readonly atMs: number;
  readonly heapBytes: number;
  readonly tree: PathTree;
  readonly classes: readonly ClassRow[];
}

export interface ExtendedSeries {
  readonly series: GrowthSeries;
  /** Tree node → row in `series.nodes`, −1 means it was left out. */
  readonly rowOf: Int32Array;
  /** Nodes left out for want of room (not for being small), a count. */
  readonly dropped: number;
}

export function extendSeries(previous: GrowthSeries | null, now: Observation): ExtendedSeries {
  const before = previous ?? { times: [], heapBytes: [], classes: [], nodes: [] };
  const steps = before.times.length + 1;
  const { nodes, rowOf, dropped } = extendNodes(before.nodes, now.tree, steps);
  const series = {
    times: [...before.times, now.atMs],
    heapBytes: [...before.heapBytes, now.heapBytes],
    classes: extendClasses(before.classes, now.classes, steps),
    nodes,
  };
  return { series: steps > MAX_STEPS ? withoutSecond(series) : series, rowOf, dropped };
}

/** The first snapshot is the base of all growth, and the latest show its course: the second is dropped. */
function withoutSecond(series: GrowthSeries): GrowthSeries {
  const without = (values: readonly number[]) => values.toSpliced(1, 1);
  return {
    times: without(series.times),
    heapBytes: without(series.heapBytes),
    classes: series.classes.map((row) => withFigures(row, without)),
    nodes: series.nodes.map((node) => ({ ...withFigures(node, without), entries: without(node.entries) })),
  };
}

function withFigures<Row extends Pick<ClassGrowth, 'counts' | 'bytes'>>(
  row: Row,
  change: (values: readonly number[]) => readonly number[],
): Row {
  return { ...row, counts: change(row.counts), bytes: change(row.bytes) };
}

const withZero = (values: readonly number[]) => [...values, 0];

function extendClasses(
  before: readonly ClassGrowth[],
  now: readonly ClassRow[],
  steps: number,
): readonly ClassGrowth[] {
  const past = new Array<number>(steps - 1).fill(0);
  const known = new Map(before.map((row) => [classText(row), row]));
  const rows: ClassGrowth[] = [];
  for (const { className, location, shape, count, bytes } of now) {
    const key = { className, location, shape };
    const text = classText(key);
    const row = known.get(text);
    known.delete(text);
    rows.push({
      ...key,
      counts: [...(row?.counts ?? past), count],
      bytes: [...(row?.bytes ?? past), bytes],
    });
  }
  for (const row of known.values()) {
    if (row.counts.every((count) => count === 0)) continue;
    rows.push(withFigures(row, withZero));
  }
  // After the first snapshot nothing has grown yet: then size decides.
  const size = (row: ClassGrowth) => row.bytes.at(-1) ?? 0;
  return rows
    .sort((a, b) => growthOf(b.bytes) - growthOf(a.bytes) || size(b) - size(a))
    .slice(0, MAX_CLASSES);
}

export const growthOf = (values: readonly number[]): number => (values.at(-1) ?? 0) - (values[0] ?? 0);

function extendNodes(
  before: readonly SeriesNode[],
  tree: PathTree,
  steps: number,
): { nodes: SeriesNode[]; rowOf: Int32Array; dropped: number } {
  const past: readonly number[] = new Array<number>(steps - 1).fill(0);
  const oldOf = matchRows(before, tree);
  const { kept, dropped, cut } = selectNodes(tree, oldOf, before);
  const nodes: SeriesNode[] = [];
  const rowOf = new Int32Array(tree.length).fill(-1);
  const rowOfOld = new Int32Array(before.length).fill(-1);
  for (let node = 0; node < tree.length; node++) {
    if (kept[node] !== 1) continue;
    const old = before[oldOf[node]!];
    if (old !== undefined) rowOfOld[oldOf[node]!] = nodes.length;
    rowOf[node] = nodes.length;
    const above = node === 0 ? -1 : rowOf[tree.parent[node]!]!;
    const unknown = old === undefined && above >= 0 && nodes[above]!.cut;
    const grown = (values: readonly number[] | undefined, value: number) => [
      ...(values ?? (unknown ? past.map(() => value) : past)),
      value,
    ];
    nodes.push({
      ...tree.stepTo(node),
      parent: above,
      artefact: tree.artefact[node]!,
      cut: old?.cut === true || cut[node] === 1 || unknown,
      scaled: old?.scaled === true || tree.scaled[node] === 1,
      counts: grown(old?.counts, tree.count[node]!),
      bytes: grown(old?.bytes, tree.bytes[node]!),
      entries: grown(old?.entries, tree.entries[node]!),
    });
  }
  appendAbsent(before, nodes, rowOfOld);
  return { nodes, rowOf, dropped };
}

/** Tree node → row of `before` at the same path, −1 means new. */
function matchRows(before: readonly SeriesNode[], tree: PathTree): Int32Array {
  const keyOf = (parent: number, { edge, edgeKind, className }: TreeStep) =>
    `${parent}\u0000${edgeKind}\u0000${edge}\u0000${className}`;
  const rows = new Map(before.map((node, row) => [keyOf(node.parent, node), row]));
  const oldOf = new Int32Array(tree.length).fill(-1);
  for (let node = 0; node < tree.length; node++) {
    const parent = node === 0 ? -1 : oldOf[tree.parent[node]!]!;
    if (node > 0 && parent < 0) continue;
    oldOf[node] = rows.get(keyOf(parent, tree.stepTo(node))) ?? -1;
  }
  return oldOf;
}

/** Which tree nodes are worth remembering; a node is kept only with all above it. */
function selectNodes(
  tree: PathTree,
  oldOf: Int32Array,
  before: readonly SeriesNode[],
): { kept: Uint8Array; dropped: number; cut: Uint8Array } {
  const kept = new Uint8Array(tree.length);
  const cut = new Uint8Array(tree.length);
  const worth: number[] = [];
  for (let node = 0; node < tree.length; node++) {
    const bytes = tree.bytes[node]!;
    const large =
      tree.artefact[node] !== 0
        ? bytes >= MIN_ARTEFACT_BYTES
        : bytes >= MIN_BYTES || tree.count[node]! >= MIN_COUNT || tree.entries[node]! >= MIN_COUNT;
    if (node === 0 || large || oldOf[node]! >= 0) worth.push(node);
  }
  // What moved since the last snapshot is what growth is read from; the rest by size.
  const moved = (node: number) => {
    const old = before[oldOf[node]!];
    return old !== undefined && old.counts.at(-1) !== tree.count[node] ? 1 : 0;
  };
  const ranked =
    worth.length <= MAX_NODES
      ? worth
      : worth.toSorted((a, b) => moved(b) - moved(a) || tree.bytes[b]! - tree.bytes[a]!);
  for (const chosen of ranked.slice(0, MAX_NODES)) {
    for (let node = chosen; node >= 0 && kept[node] === 0; node = tree.parent[node]!) kept[node] = 1;
  }
  let dropped = 0;
  for (const node of ranked.slice(MAX_NODES)) {
    if (kept[node] === 1) continue;
    dropped++;
    cut[tree.parent[node]!] = 1;
  }
  return { kept, dropped, cut };
}

/** Paths that are gone stay known with zeros while they were seen in one of the latest snapshots. */
function appendAbsent(before: readonly SeriesNode[], nodes: SeriesNode[], rowOfOld: Int32Array): void {
  for (const [row, old] of before.entries()) {
    if (rowOfOld[row]! >= 0 || nodes.length >= MAX_NODES) continue;
    const parent = rowOfOld[old.parent] ?? -1;
    if (parent < 0 || old.counts.slice(-3).every((count) => count === 0)) continue;
    rowOfOld[row] = nodes.length;
    nodes.push({ ...withFigures(old, withZero), parent, entries: withZero(old.entries) });
  }
}
