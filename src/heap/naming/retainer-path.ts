import type { Accumulation } from '../growth/accumulation.js';
import type { SeriesNode } from '../growth/growth-series.js';
import { EDGE_KINDS, NODE_KINDS } from '../growth/path-tree.js';
import type { RetainerStep } from './retainer-step.js';

/** Steps of a published path; a longer one loses its middle. */
const MAX_STEPS = 32;
const FIRST_STEPS = 8;

/** Rows from below the root down to `row`. */
export function rowsTo(nodes: readonly SeriesNode[], row: number): readonly number[] {
  const rows: number[] = [];
  for (let at = row; at > 0; at = nodes[at]!.parent) rows.push(at);
  return rows.reverse();
}

export function retainerPath(
  nodes: readonly SeriesNode[],
  { holder, edge, edgeKind, members }: Accumulation,
  className: string,
): readonly RetainerStep[] {
  const steps = rowsTo(nodes, holder).map((row) => step(nodes[row]!));
  const member = members.map((row) => nodes[row]!).find((node) => node.className === className);
  steps.push(
    member !== undefined
      ? step(member)
      : { edge, edgeType: EDGE_KINDS[edgeKind] ?? 'internal', node: className, nodeType: 'object' },
  );
  if (steps.length <= MAX_STEPS) return steps;
  return [...steps.slice(0, FIRST_STEPS), ...steps.slice(FIRST_STEPS - MAX_STEPS)];
}

function step(node: SeriesNode): RetainerStep {
  return {
    edge: node.edge,
    edgeType: EDGE_KINDS[node.edgeKind] ?? 'internal',
    node: node.className,
    nodeType: NODE_KINDS[node.nodeKind] ?? 'other',
  };
}
