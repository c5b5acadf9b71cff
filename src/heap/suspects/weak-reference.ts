import type { TracedHeap } from '../growth/path-tree-builder.js';
import { fieldsOf } from './number-field.js';

const WEAK_REFERENCE = 'WeakRef';
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
