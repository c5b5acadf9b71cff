/** Facts that neither the path to the members nor their class shows. */
import { NUMBERS } from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import { targetOf } from '../graph/scopes.js';
import { NATIVE_CONTEXT } from '../graph/shortest-path.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { isOfProgram, nearby } from '../members/nearby.js';
import { fieldsOf } from '../members/number-field.js';
import { EDGE, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { PRIMITIVES } from './generic-class.js';
import type { Places } from './member-location.js';

/** Property by which an object given to `vm.createContext` keeps its context. */
const WRAPPER = '<symbol node:contextify:context>';
/** Objects searched around a member for a context, steps from it, and members looked at. */
const MAX_NEAR = 64;
const MAX_AWAY = 4;
const MAX_ASKED = 4;
const WEAK_REFERENCE = 'WeakRef';
const CELL = 'system / WeakCell';
const PLAIN = new Set([...PRIMITIVES, NUMBERS, '(system)']);

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

/** Whether most of these objects are weak references, or records of one and plain values. */
export function areWeak({ snapshot, classes }: TracedHeap, objects: readonly number[]): boolean {
  const isWeak = (node: number) => {
    if (classes.of(node) === WEAK_REFERENCE) return true;
    const held = [...fieldsOf(snapshot, node)]
      .map(([, to]) => classes.of(to))
      .filter((name) => !PLAIN.has(name));
    return held.length > 0 && held.every((name) => name === WEAK_REFERENCE);
  };
  return objects.filter(isWeak).length * 2 > objects.length;
}

/** Whether a FinalizationRegistry that is not Node's has objects: its callback, also one at an unknown place, may remove them. */
export function hasRegistry({ snapshot }: TracedHeap, places: Places): boolean {
  const { firstEdge, edgeTo, nodeName, nodeType, strings, nodeCount } = snapshot;
  const cell = strings.find(CELL);
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NODE.object) continue;
    let callback = -1;
    let registers = false;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      // The callback and the registered objects hang on hidden edges; methods hang on properties.
      if (labelType(labelAt(snapshot, node, edge)) !== EDGE.hidden) continue;
      if (nodeType[to] === NODE.closure) callback = to;
      registers ||= nodeName[to] === cell;
    }
    if (!registers || callback < 0) continue;
    const place = places.of(callback);
    if (place === null || !isNodeScript(place.url)) return true;
  }
  return false;
}
