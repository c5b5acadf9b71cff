import { memo } from '../../runtime/memo.js';
import { publicAddress } from '../../runtime/script-name.js';
import {
  EDGE,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelOf,
  labelType,
  NODE,
  nameOf,
} from '../snapshot/heap-snapshot.js';
import { isContextName } from './node-role.js';

/** Where closure variables live: every context with its script. */
export interface Scopes {
  /** NodeOrdinal → 1 for a context. */
  readonly isContext: Uint8Array;
  /** NodeOrdinal of a context → string index of its script's address; −1 means unknown. */
  readonly script: Int32Array;
  /** NodeOrdinal of a context → a closure created in it, preferably one with a name; −1 means none. */
  readonly closure: Int32Array;
  /** NodeOrdinal → 1 for the only context of its scope: its variables exist once. */
  readonly single: Uint8Array;
  /** NodeOrdinal → 1 for the outermost context of a module or script. */
  readonly outermost: Uint8Array;
}

export function findScopes(snapshot: HeapSnapshot): Scopes {
  const { nodeCount, nodeType, nodeName, strings } = snapshot;
  const scopes = {
    isContext: new Uint8Array(nodeCount),
    script: new Int32Array(nodeCount).fill(-1),
    closure: new Int32Array(nodeCount).fill(-1),
    single: new Uint8Array(nodeCount),
    outermost: new Uint8Array(nodeCount),
  };
  const isContext = memo((name: number) => isContextName(strings.text(name)));
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    if ((type === NODE.object || type === NODE.hidden) && isContext(nodeName[node]!))
      scopes.isContext[node] = 1;
  }
  const previous = linkContexts(snapshot, scopes);
  const scriptOfShared = memo((shared: number) => scriptOf(snapshot, shared));
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NODE.closure) continue;
    const context = target(snapshot, node, 'context');
    if (context < 0 || scopes.isContext[context] !== 1) continue;
    const known = scopes.closure[context]!;
    if (known >= 0 && (isNamed(snapshot, known) || !isNamed(snapshot, node))) continue;
    scopes.closure[context] = node;
    if (known >= 0) continue;
    const script = scriptOfShared(target(snapshot, node, 'shared'));
    // Scopes nest within one script, so the script of an inner scope is that of all scopes around it.
    for (let outer = context; outer >= 0 && scopes.script[outer] === -1; outer = previous[outer]!) {
      scopes.script[outer] = script;
      if (script === -1) break;
    }
  }
  forgetCopies(snapshot, scopes);
  return scopes;
}

/** A module that was loaded several times, with different queries in its address, has no scope that exists once. */
function forgetCopies({ nodeCount, strings }: HeapSnapshot, scopes: Scopes): void {
  const seen = new Map<string, number>();
  const copied = new Set<number>();
  for (let node = 0; node < nodeCount; node++) {
    if (scopes.outermost[node] !== 1 || scopes.script[node]! < 0) continue;
    const address = publicAddress(strings.text(scopes.script[node]!));
    const twin = seen.get(address);
    if (twin === undefined) seen.set(address, node);
    else copied.add(scopes.script[node]!).add(scopes.script[twin]!);
  }
  if (copied.size === 0) return;
  for (let node = 0; node < nodeCount; node++) {
    if (scopes.isContext[node] === 1 && copied.has(scopes.script[node]!)) scopes.single[node] = 0;
  }
}

const isNamed = (snapshot: HeapSnapshot, node: number) => nameOf(snapshot, node) !== '';

/** Fills `single` and `outermost`; returns context → enclosing context, −1 means none. */
function linkContexts(snapshot: HeapSnapshot, scopes: Scopes): Int32Array {
  const previous = new Int32Array(snapshot.nodeCount).fill(-1);
  const ofScope = new Map<number, number>();
  for (let node = 0; node < snapshot.nodeCount; node++) {
    if (scopes.isContext[node] !== 1) continue;
    const outer = target(snapshot, node, 'previous');
    if (outer >= 0 && scopes.isContext[outer] === 1) previous[node] = outer;
    else if (outer >= 0) scopes.outermost[node] = 1;
    const info = target(snapshot, node, 'scope_info');
    if (info < 0) continue;
    const twin = ofScope.get(info);
    scopes.single[node] = twin === undefined ? 1 : 0;
    if (twin !== undefined) scopes.single[twin] = 0;
    else ofScope.set(info, node);
  }
  return previous;
}

/** Target of the edge with this type and name; −1 means there is none, or no node to begin with. */
export function targetOf(snapshot: HeapSnapshot, node: number, type: number, edgeName: string): number {
  const { firstEdge, firstLabel, labels, edgeTo, strings } = snapshot;
  const name = strings.find(edgeName);
  if (name < 0 || node < 0) return -1;
  const wanted = labelOf(type, name);
  const shift = firstLabel[node]! - firstEdge[node]!;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    if (labels[edge + shift] === wanted) return edgeTo[edge]!;
  }
  return -1;
}

/** Target of the internal edge with this name; −1 means there is none. */
export function target(snapshot: HeapSnapshot, node: number, edgeName: string): number {
  return targetOf(snapshot, node, EDGE.internal, edgeName);
}

/** String index of the address of a function's script; −1 means unknown. Newer V8 calls the edge `script`, older `script_or_debug_info`. */
export function scriptOf(snapshot: HeapSnapshot, shared: number): number {
  const { firstEdge, edgeTo, nodeType, nodeName, strings } = snapshot;
  if (shared < 0) return -1;
  for (let edge = firstEdge[shared]!; edge < firstEdge[shared + 1]!; edge++) {
    const label = labelAt(snapshot, shared, edge);
    if (labelType(label) !== EDGE.internal || !strings.text(labelName(label)).startsWith('script')) continue;
    if (nodeType[edgeTo[edge]!] === NODE.code) return nodeName[edgeTo[edge]!]!;
  }
  return -1;
}
