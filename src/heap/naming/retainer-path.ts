import type { Accumulation } from '../growth/accumulation.js';
import { growthOf, type SeriesNode } from '../growth/growth-series.js';
import { EDGE_KINDS, NODE_KINDS, type TreeStep } from '../growth/path-tree.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { PRIMITIVES } from './generic-class.js';
import type { RetainerStep } from './retainer-step.js';

/** Steps of a published path; the middle of a longer one is left out. */
const MAX_STEPS = 32;
const FIRST_STEPS = 8;

/** Rows from below the root down to `row`. */
export function rowsTo(nodes: readonly SeriesNode[], row: number): readonly number[] {
  const rows: number[] = [];
  for (let at = row; at > 0; at = nodes[at]!.parent) rows.push(at);
  return rows.reverse();
}

/** The row of the members that leak: objects before strings, since a Map's keys grow with its values. Null if none are known. */
export function mainRow(nodes: readonly SeriesNode[], { members }: Accumulation): number | null {
  const grown = (row: number) => growthOf(nodes[row]!.bytes);
  const sorted = members.toSorted((a, b) => grown(b) - grown(a));
  const objects = sorted.filter((row) => !PRIMITIVES.has(nodes[row]!.className));
  return objects.find((row) => growthOf(nodes[row]!.counts) > 0) ?? sorted[0] ?? null;
}

export function retainerPath(
  nodes: readonly SeriesNode[],
  { holder, edge, edgeKind, members }: Accumulation,
  className: string,
): readonly RetainerStep[] {
  const member = members.map((row) => nodes[row]!).find((node) => node.className === className);
  const last = member ?? { edge, edgeKind, className, nodeKind: NODE_KINDS.indexOf('object') };
  return shortened([...rowsTo(nodes, holder).map((row) => nodes[row]!), last].map(step));
}

/** A shortest path to an object of one snapshot, the object itself included. */
export function pathTo({ tree, treeOf }: TracedHeap, node: number): readonly RetainerStep[] {
  const steps: RetainerStep[] = [];
  for (let at = treeOf[node]!; at > 0; at = tree.parent[at]!) steps.push(step(tree.stepTo(at)));
  return shortened(steps.reverse());
}

const step = ({ edge, edgeKind, className, nodeKind }: TreeStep): RetainerStep => ({
  edge,
  edgeType: EDGE_KINDS[edgeKind]!,
  node: className,
  nodeType: NODE_KINDS[nodeKind]!,
});

const shortened = (steps: readonly RetainerStep[]): readonly RetainerStep[] =>
  steps.length <= MAX_STEPS
    ? steps
    : [...steps.slice(0, FIRST_STEPS), ...steps.slice(FIRST_STEPS - MAX_STEPS)];
