/**
 * Objects held by one-shot timers: variables of the scope of their function, and arguments they will pass. If such a
 * timer holds the key or value of an entry, it most likely removes that entry.
 */
import { target, targetOf } from '../graph/scopes.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { callbackOf, TIMER } from '../growth/timer-callback.js';
import { EDGE, type HeapSnapshot, labelAt, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { fieldsOf, numberOf } from './number-field.js';

/** Timers read; further ones are ignored. */
const MAX_TIMERS = 50_000;
/** Variables and arguments of one timer. */
const MAX_HELD = 16;

/** Milliseconds after which a timer runs once; null for one that repeats, or was cleared. */
export function delayOf(snapshot: HeapSnapshot, timer: number): number | null {
  const delayMs = numberOf(snapshot, targetOf(snapshot, timer, EDGE.property, '_idleTimeout'));
  const repeatMs = numberOf(snapshot, targetOf(snapshot, timer, EDGE.property, '_repeat'));
  return delayMs !== null && delayMs > 0 && repeatMs === null ? delayMs : null;
}

export class TimerCaptures {
  readonly #heap: TracedHeap;
  /** NodeOrdinal of what a timer holds → its delay, milliseconds; null until asked for. */
  #held: ReadonlyMap<number, number> | null = null;

  constructor(heap: TracedHeap) {
    this.#heap = heap;
  }

  /** The longest delay, milliseconds, of the timers that hold these entries; null unless they hold most values or most keys. */
  delayOfMost(entries: readonly number[]): number | null {
    if (entries.length === 0) return null;
    this.#held ??= heldByTimers(this.#heap);
    const held = this.#held;
    const delays = entries.map((node) => held.get(node)).filter((delayMs) => delayMs !== undefined);
    const keys = entries.filter((node) => this.#heap.classes.of(node) === 'string').length;
    // Of each entry there may be a key and a value, and either will do.
    const pairs = Math.max(keys, entries.length - keys);
    return delays.length * 2 > pairs ? Math.max(...delays) : null;
  }
}

function heldByTimers({ snapshot, paths }: TracedHeap): ReadonlyMap<number, number> {
  const { nodeCount, nodeType, nodeName, strings } = snapshot;
  const held = new Map<number, number>();
  const name = strings.find(TIMER);
  let timers = 0;
  for (let node = 0; node < nodeCount && timers < MAX_TIMERS; node++) {
    if (nodeName[node] !== name || nodeType[node] !== NODE.object) continue;
    timers++;
    const delayMs = delayOf(snapshot, node);
    if (delayMs === null) continue;
    const callback = callbackOf(snapshot, node);
    const scope = target(snapshot, callback, 'context');
    // A scope that exists once holds what all its timers share.
    const isOwn = scope >= 0 && paths.scopes.isContext[scope] === 1 && paths.scopes.single[scope] !== 1;
    const own = isOwn ? [...fieldsOf(snapshot, scope)].map(([, to]) => to) : [];
    for (const to of [...own, ...argumentsOf(snapshot, node)].slice(0, MAX_HELD)) held.set(to, delayMs);
  }
  return held;
}

function argumentsOf(snapshot: HeapSnapshot, timer: number): readonly number[] {
  const { firstEdge, edgeTo } = snapshot;
  const list = targetOf(snapshot, timer, EDGE.property, '_timerArgs');
  const found: number[] = [];
  if (list < 0) return found;
  for (let edge = firstEdge[list]!; edge < firstEdge[list + 1]! && found.length < MAX_HELD; edge++) {
    if (labelType(labelAt(snapshot, list, edge)) === EDGE.element) found.push(edgeTo[edge]!);
  }
  return found;
}
