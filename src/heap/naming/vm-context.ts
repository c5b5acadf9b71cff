import { targetOf } from '../graph/scopes.js';
import { NATIVE_CONTEXT } from '../graph/shortest-path.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { isOfProgram, nearby } from '../members/nearby.js';
import { EDGE, labelName } from '../snapshot/heap-snapshot.js';

/** Property by which an object given to `vm.createContext` keeps its context. */
const WRAPPER = '<symbol node:contextify:context>';
/** Objects searched around a member for a context, steps from it, and members looked at. */
const MAX_NEAR = 64;
const MAX_AWAY = 4;
const MAX_ASKED = 4;

/** Whether each of some objects leads to a `node:vm` context of its own. */
export function keepContexts(heap: TracedHeap, objects: readonly number[]): boolean {
  const asked = objects.slice(0, MAX_ASKED);
  const found = new Set(asked.map((node) => contextOf(heap, node)));
  return asked.length > 1 && found.size === asked.length && !found.has(-1);
}

function contextOf(heap: TracedHeap, from: number): number {
  const { nodeName, strings } = heap.snapshot;
  const wanted = strings.find(NATIVE_CONTEXT);
  const prototype = strings.find('__proto__');
  const follows = (to: number, label: number) => isOfProgram(heap, to) && labelName(label) !== prototype;
  for (const node of nearby(heap, from, MAX_NEAR, follows, MAX_AWAY)) {
    if (wanted >= 0 && nodeName[node] === wanted) return node;
    const wrapper = targetOf(heap.snapshot, node, EDGE.property, WRAPPER);
    if (wrapper >= 0) return wrapper;
  }
  return -1;
}
