import { queryObjects } from 'node:v8';
import { LearnedCost } from '../capture/learned-cost.js';
import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatMilliseconds, plural, tenths } from '../runtime/units.js';
import type { Constructor } from './shape.js';

/**
 * First guess. V8 runs a full GC and then marks and walks the heap again: measured 14 to 20 ms a MB on a busy machine
 * (Node 20, heaps of 20 to 500 MB), and 130 bytes of native memory for each object found. The guess is the slowest of these.
 */
const GUESS = { pauseMsPerByte: 20 / 1e6, memoryPerByte: 1.2, cpuSecondsPerByte: 0 };
/** The service runs at least so many times as long as it stood still. */
const REST = 19;
const SHORTEST_REST_MS = 5000;
/** Of the memory that is left. */
const MEMORY_SHARE = 0.5;
/** Nearly every object inherits from these, and each one found takes memory. */
const TOO_COMMON = new Set<unknown>([Object, Function, Array]);

export type LiveCount =
  | { readonly count: number; readonly pauseMs: number }
  /** Never counted, whenever it is asked for. */
  | { readonly refused: 'class'; readonly reason: string }
  | { readonly refused: 'cost' | 'rest'; readonly reason: string; readonly retryAfterMs: number };

export interface LiveObjectsParts {
  readonly clock: Clock;
  readonly pauseBudgetMs: number;
  /** The heap as it is, bytes. */
  usedBytes(): number;
  /** Memory that the container or host can still provide, bytes; null if unknown. */
  availableBytes(): number | null;
  /** Called when the service stood still for us, monotonic milliseconds: the GC within is not the service's. */
  paused(fromMs: number, toMs: number): void;
}

/** Counts the live instances of a class by V8's own search, which stops the service: within a budget, and not often. */
export class LiveObjects {
  readonly #parts: LiveObjectsParts;
  readonly #cost: LearnedCost;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LiveObjectsParts) {
    this.#parts = parts;
    this.#cost = new LearnedCost(parts.clock, GUESS);
  }

  count(ofClass: Constructor): LiveCount {
    const { clock, paused, usedBytes } = this.#parts;
    const heapBytes = usedBytes();
    const refusal = this.#refusal(ofClass, heapBytes);
    if (refusal !== null) return refusal;
    const fromMs = clock.monotonicMs();
    // Instances of subclasses count, and so do prototypes of subclasses: V8 looks at prototype chains.
    const count = queryObjects(ofClass as never, { format: 'count' });
    const toMs = clock.monotonicMs();
    const pauseMs = toMs - fromMs;
    paused(fromMs, toMs);
    this.#cost.learn({ heapBytes, pauseMs, memoryBytes: null, cpuSeconds: null, complete: true });
    this.#restsUntilMs = toMs + Math.max(SHORTEST_REST_MS, pauseMs * REST);
    return { count, pauseMs: tenths(pauseMs) };
  }

  #refusal(ofClass: unknown, heapBytes: number): LiveCount | null {
    const { clock, pauseBudgetMs, availableBytes } = this.#parts;
    if (TOO_COMMON.has(ofClass))
      return { refused: 'class', reason: say`Too many objects inherit from this class.` };
    const restMs = this.#restsUntilMs - clock.monotonicMs();
    if (restMs > 0)
      return {
        refused: 'rest',
        reason: say`The last count ended just now. Wait ${plural(Math.ceil(restMs / 1000), 'second')}.`,
        retryAfterMs: restMs,
      };
    const costs = (reason: string): LiveCount => ({ refused: 'cost', reason, retryAfterMs: 60_000 });
    const { pauseMs, memoryBytes } = this.#cost.predict(heapBytes);
    if (pauseMs > pauseBudgetMs)
      return costs(
        say`It would stop the service for about ${formatMilliseconds(pauseMs)}; the limit is ${formatMilliseconds(pauseBudgetMs)} (pauseBudgetMs).`,
      );
    const available = availableBytes();
    if (available !== null && memoryBytes > available * MEMORY_SHARE)
      return costs(
        say`It could take ${formatBytes(memoryBytes)} of memory; ${formatBytes(available)} are available.`,
      );
    return null;
  }
}
