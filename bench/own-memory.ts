/**
 * The part of a heap that exists only because leakwatch watches: objects of its classes, its functions, the scopes and
 * modules of its scripts, and everything reachable only through those. Its compiled code is left out, and so are V8's
 * hidden classes for its objects, which V8 creates and drops as it likes.
 *
 * Also left out, because others hold it too: what Node keeps for the watcher's listener (sockets, timers), and what the
 * packages it uses keep in their modules. Comparing the live heap with an unwatched twin shows those.
 */
import { EdgeRule } from '../src/heap/graph/edge-rule.js';
import { ownObjects } from '../src/heap/graph/own-objects.js';
import { findScopes, scriptOf, target } from '../src/heap/graph/scopes.js';
import {
  EDGE,
  type HeapSnapshot,
  labelAt,
  labelType,
  NODE,
  sizeOf,
} from '../src/heap/snapshot/heap-snapshot.js';
import { isOwnScript } from '../src/runtime/script-name.js';

const STRINGS = new Set([NODE.string, NODE['concatenated string']]);
const MODULE = 'system / SourceTextModule';
const WINDOW = 'SampleWindow';
const ROOT = 0;

export interface OwnMemory {
  /** Shallow sizes, not counting `windowBytes`. */
  readonly bytes: number;
  readonly objects: number;
  /** Size of the sample window, which fills in the first minutes and is then repeatedly cut at its bound. */
  readonly windowBytes: number;
  readonly windowSamples: number;
  /** Name of the class, or V8's node type, with its bytes, largest first. */
  readonly byClass: readonly (readonly [string, number])[];
}

export function ownMemory(snapshot: HeapSnapshot): OwnMemory {
  const own = ownNodes(snapshot);
  const all = reach(snapshot, new Uint8Array(snapshot.nodeCount));
  const others = reach(snapshot, own);
  const windows = own.map((isOwn, node) => (isOwn === 1 && classOf(snapshot, node) === WINDOW ? 1 : 0));
  const outside = reach(snapshot, windows);
  const byClass = new Map<string, number>();
  let bytes = 0;
  let objects = 0;
  let windowBytes = 0;
  for (let node = 0; node < snapshot.nodeCount; node++) {
    const type = snapshot.nodeType[node]!;
    if (all[node] === 0 || others[node] === 1 || type === NODE.code || type === NODE['object shape'])
      continue;
    const size = sizeOf(snapshot, node);
    if (outside[node] === 0) {
      windowBytes += size;
      continue;
    }
    const name = classOf(snapshot, node);
    bytes += size;
    objects += 1;
    byClass.set(name, (byClass.get(name) ?? 0) + size);
  }
  return {
    bytes,
    objects,
    windowBytes,
    windowSamples: countSamples(snapshot, windows),
    byClass: [...byClass].sort(([, a], [, b]) => b - a),
  };
}

/** NodeOrdinal → 1 for everything that the watcher's own scripts created or consist of. */
function ownNodes(snapshot: HeapSnapshot): Uint8Array {
  const { nodeCount, nodeType, nodeName, strings } = snapshot;
  const own = new Uint8Array(nodeCount);
  const isOwn = ownObjects(snapshot);
  const scopes = findScopes(snapshot);
  const module = strings.find(MODULE);
  for (let node = 0; node < nodeCount; node++) {
    const script = scopes.script[node]!;
    if (isOwn(node) || (script >= 0 && isOwnScript(strings.text(script)))) own[node] = 1;
    if (nodeType[node] === NODE.hidden && nodeName[node] === module && isOwnModule(snapshot, node))
      own[node] = 1;
  }
  return own;
}

/** The window's samples are the members of its list: elements of its only array. */
function countSamples(snapshot: HeapSnapshot, windows: Uint8Array): number {
  const { firstEdge, edgeTo } = snapshot;
  let samples = 0;
  for (let window = windows.indexOf(1); window >= 0; window = windows.indexOf(1, window + 1)) {
    for (let edge = firstEdge[window]!; edge < firstEdge[window + 1]!; edge++) {
      const list = edgeTo[edge]!;
      if (classOf(snapshot, list) !== 'Array') continue;
      for (let at = firstEdge[list]!; at < firstEdge[list + 1]!; at++) {
        if (labelType(labelAt(snapshot, list, at)) === EDGE.element) samples += 1;
      }
    }
  }
  return samples;
}

/** A module that has run keeps the generator of its body, which keeps the function. */
function isOwnModule(snapshot: HeapSnapshot, module: number): boolean {
  const { firstEdge, edgeTo, nodeType, strings } = snapshot;
  for (let edge = firstEdge[module]!; edge < firstEdge[module + 1]!; edge++) {
    const body = edgeTo[edge]!;
    const closure = nodeType[body] === NODE.object ? target(snapshot, body, 'function') : body;
    if (closure < 0 || nodeType[closure] !== NODE.closure) continue;
    const shared = target(snapshot, closure, 'shared');
    const script = shared < 0 ? -1 : scriptOf(snapshot, shared);
    if (script >= 0) return isOwnScript(strings.text(script));
  }
  return false;
}

/** NodeOrdinal → 1 for every node that the root reaches by retaining edges without entering `closed` nodes. */
function reach(snapshot: HeapSnapshot, closed: Uint8Array): Uint8Array {
  const { nodeCount, firstEdge, edgeTo } = snapshot;
  const rule = new EdgeRule(snapshot);
  const reached = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let end = 0;
  reached[ROOT] = 1;
  queue[end++] = ROOT;
  for (let at = 0; at < end; at++) {
    const node = queue[at]!;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      if (reached[to] === 1 || closed[to] === 1 || !rule.retains(node, edge)) continue;
      reached[to] = 1;
      queue[end++] = to;
    }
  }
  return reached;
}

function classOf({ nodeType, nodeName, strings }: HeapSnapshot, node: number): string {
  const type = nodeType[node]!;
  if (STRINGS.has(type)) return '(string)';
  if (type === NODE.closure) return '(closure)';
  return strings.text(nodeName[node]!) || '(array)';
}
