import { memo } from '../../runtime/memo.js';
import { isOwnScript } from '../../runtime/script-name.js';
import { EDGE, type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';
import { scriptOf, target, targetOf } from './scopes.js';

/** Whether an object is the watcher's own rather than the program's, by the script of its class. */
export function ownObjects(snapshot: HeapSnapshot): (node: number) => boolean {
  const isOwnFunction = (closure: number) => {
    const script = scriptOf(snapshot, target(snapshot, closure, 'shared'));
    return script >= 0 && isOwnScript(snapshot.strings.text(script));
  };
  const isOwnPrototype = memo((prototype: number) =>
    isOwnFunction(targetOf(snapshot, prototype, EDGE.property, 'constructor')),
  );
  return (node) => {
    if (snapshot.nodeType[node] === NODE.closure) return isOwnFunction(node);
    if (snapshot.nodeType[node] !== NODE.object) return false;
    return isOwnPrototype(targetOf(snapshot, node, EDGE.property, '__proto__'));
  };
}
