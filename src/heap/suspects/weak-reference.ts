import { isNodeScript } from '../../runtime/script-name.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { edgeTypeCode, labelAt, labelType, nodeTypeCode } from '../snapshot/heap-snapshot.js';
import type { Places } from './member-location.js';
import { fieldsOf } from './number-field.js';

const WEAK_REFERENCE = 'WeakRef';
const REGISTRY = 'FinalizationRegistry';
const CLOSURE = nodeTypeCode('closure');
const HIDDEN = edgeTypeCode('hidden');
const PLAIN = new Set(['string', 'number', 'symbol', 'bigint', '(system)']);

/** Whether most of these objects are weak references, or records that hold one and nothing else but plain values. */
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

/** Whether code other than Node's own has a FinalizationRegistry, whose callback may take dead references out. */
export function hasRegistry({ snapshot }: TracedHeap, places: Places): boolean {
  const { firstEdge, edgeTo, nodeName, nodeType, strings, nodeCount } = snapshot;
  const name = strings.find(REGISTRY);
  for (let node = 0; node < nodeCount; node++) {
    if (nodeName[node] !== name) continue;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      // Its callback; methods hang on properties.
      if (nodeType[to] !== CLOSURE || labelType(labelAt(snapshot, node, edge)) !== HIDDEN) continue;
      const place = places.of(to);
      if (place !== null && !isNodeScript(place.url)) return true;
    }
  }
  return false;
}
