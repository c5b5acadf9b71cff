import { ROLE } from '../graph/node-role.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { labelAt } from '../snapshot/heap-snapshot.js';

/** Whether a node is an object of the program, or a part of one. */
export const isOfProgram = ({ paths }: TracedHeap, node: number): boolean =>
  paths.roles[node] === ROLE.value || paths.roles[node] === ROLE.part;

/** The scope of the variable that leads to an object on its shortest path; −1 means that no variable does. */
export function scopeAbove({ paths }: TracedHeap, node: number): number {
  let above = node;
  while (above > 0 && paths.scopes.isContext[above] !== 1) above = paths.parent[above]!;
  return above > 0 ? above : -1;
}

/** An object and at most `most` − 1 around it, nearest first, along edges that retain and that `follows` accepts. */
export function* nearby(
  { snapshot, paths }: TracedHeap,
  from: number,
  most: number,
  follows: (to: number, label: number) => boolean,
  maxSteps = Number.POSITIVE_INFINITY,
): Generator<number> {
  const { firstEdge, edgeTo } = snapshot;
  const away = new Map([[from, 0]]);
  for (const [node, steps] of away) {
    yield node;
    if (steps === maxSteps) continue;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]! && away.size < most; edge++) {
      const to = edgeTo[edge]!;
      if (away.has(to) || !follows(to, labelAt(snapshot, node, edge))) continue;
      if (paths.rule.retains(node, edge)) away.set(to, steps + 1);
    }
  }
}
