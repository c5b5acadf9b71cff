import { NUMBERS } from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { fieldsOf } from '../members/number-field.js';
import { EDGE, labelAt, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { PRIMITIVES } from './generic-class.js';
import type { Places } from './member-location.js';

const WEAK_REFERENCE = 'WeakRef';
const CELL = 'system / WeakCell';
const PLAIN = new Set([...PRIMITIVES, NUMBERS, '(system)']);

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

/**
 * Whether the program or a package registered objects with a FinalizationRegistry, whose callback may remove dead
 * references. A callback whose place is unknown counts, too.
 */
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
