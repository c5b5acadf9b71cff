import { EDGE, type HeapSnapshot, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { LABEL_RULE } from './label-rules.js';

/** Distances of nodes that only V8's own roots reach start here. */
export const SYSTEM_DISTANCE = 100_000_000;

/**
 * NodeOrdinal → number of edges on the shortest path from the program's roots; −1 means unreachable. The rules are
 * DevTools' (calculateDistances): those children of the root that are not headings have distance 1; nodes they do not
 * reach are counted from SYSTEM_DISTANCE. Weak edges do not count, shortcuts do. Three exceptions exclude misleading
 * paths, see `skips`.
 */
export function findDistances(snapshot: HeapSnapshot, rules: Uint8Array): Int32Array {
  const { nodeCount, nodeType, firstEdge, edgeTo } = snapshot;
  const distance = new Int32Array(nodeCount).fill(-1);
  const queue = new Int32Array(nodeCount);
  const exceptions = new Exceptions(snapshot, rules);
  let length = 0;
  for (let edge = firstEdge[0]!; edge < firstEdge[1]!; edge++) {
    const to = edgeTo[edge]!;
    if (nodeType[to] === NODE.synthetic || distance[to] === 1) continue;
    distance[to] = 1;
    queue[length++] = to;
  }
  const hasRoots = length > 0;
  spread(snapshot, rules, distance, queue, length, exceptions);
  distance[0] = hasRoots ? SYSTEM_DISTANCE : 0;
  queue[0] = 0;
  spread(snapshot, rules, distance, queue, 1, exceptions);
  return distance;
}

function spread(
  { firstEdge, firstLabel, edgeTo }: HeapSnapshot,
  rules: Uint8Array,
  distance: Int32Array,
  queue: Int32Array,
  begun: number,
  exceptions: Exceptions,
): void {
  let length = begun;
  for (let at = 0; at < length; at++) {
    const node = queue[at]!;
    const next = distance[node]! + 1;
    const shift = firstLabel[node]! - firstEdge[node]!;
    const special = exceptions.concern(node);
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      if (distance[to] !== -1) continue;
      const rule = rules[edge + shift];
      if (rule === LABEL_RULE.never) continue;
      if ((special || rule === LABEL_RULE.ephemeron) && exceptions.skips(node, edge + shift)) continue;
      distance[to] = next;
      queue[length++] = to;
    }
  }
}

class Exceptions {
  readonly #snapshot: HeapSnapshot;
  readonly #rules: Uint8Array;
  readonly #descriptors: number;
  readonly #nativeContext: number;
  /** Ephemerons of which one of the two edges has been met. */
  readonly #pending = new Set<string>();

  constructor(snapshot: HeapSnapshot, rules: Uint8Array) {
    this.#snapshot = snapshot;
    this.#rules = rules;
    this.#descriptors = snapshot.strings.find('(map descriptors)');
    this.#nativeContext = snapshot.strings.find('system / NativeContext');
  }

  concern(node: number): boolean {
    const name = this.#snapshot.nodeName[node];
    return name === this.#descriptors || name === this.#nativeContext;
  }

  /**
   * - From the native context, the map of every sloppy-mode function would be near.
   * - Maps share descriptor arrays, so a value in one need not belong to the map that leads there.
   * - The value of a WeakMap entry is as far as the farther of its table and its key: the first of its two edges that
   *   is met does not count.
   */
  skips(node: number, at: number): boolean {
    const { nodeType, nodeName, labels, strings } = this.#snapshot;
    const label = labels[at]!;
    const type = labelType(label);
    const numbered = type === EDGE.element || type === EDGE.hidden;
    const name = labelName(label);
    if (nodeType[node] === NODE.hidden && nodeName[node] === this.#nativeContext && !numbered) {
      if (strings.text(name) === 'sloppy_function_map') return true;
    }
    if (nodeType[node] === NODE.array && nodeName[node] === this.#descriptors) {
      const index = numbered ? name : Number.parseInt(strings.text(name), 10);
      return index >= 2 && index % 3 === 1;
    }
    if (this.#rules[at] !== LABEL_RULE.ephemeron) return false;
    const entry = strings.text(name).replace(/^\d+/, '');
    if (this.#pending.delete(entry)) return false;
    this.#pending.add(entry);
    return true;
  }
}
