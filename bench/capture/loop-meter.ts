import { openSync, readSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { percentile } from '../statistics.js';

/** How the event loop ran in one window; milliseconds beyond the one between two looks. */
export interface LoopFigures {
  /** The longest stall of the loop, as seen by a chain of timers. */
  readonly longestMs: number;
  /** The longest stall, not counting the time in which its thread was runnable but waited for a core. */
  readonly longestOnCoreMs: number;
  readonly p99Ms: number;
  /** The same before and after the mark; null without a mark or without anything after it. */
  readonly p99BeforeMarkMs: number | null;
  readonly p99AfterMarkMs: number | null;
  /** The same according to `perf_hooks.monitorEventLoopDelay`. */
  readonly histogramLongestMs: number;
  readonly histogramP99Ms: number;
  /** Share of the window in which the thread waited for a core, 0 to 1. */
  readonly waitedShare: number;
}

const RESOLUTION_MS = 1;
/** After this many gaps, about twenty minutes, only the longest counts. */
const MAX_GAPS = 1 << 20;

/**
 * Two meters of the same thing, since Node's histogram may miss stalls while it is not read: the histogram, and a chain
 * of timers that records each gap. Both wake the loop every millisecond, equally in all windows.
 */
export class LoopMeter {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #gaps = new Float64Array(MAX_GAPS);
  readonly #schedule = openSync('/proc/thread-self/schedstat', 'r');
  readonly #text = Buffer.alloc(128);
  #count = 0;
  #marked: number | null = null;
  #longest = 0;
  #longestOnCore = 0;
  #beganAt = 0;
  #waitedAtBegin = 0;
  #last = 0;
  #lastWaited = 0;

  constructor() {
    this.#histogram.enable();
    this.begin();
    this.#await();
  }

  begin(): void {
    this.#histogram.reset();
    this.#count = 0;
    this.#marked = null;
    this.#longest = 0;
    this.#longestOnCore = 0;
    this.#last = this.#beganAt = performance.now();
    this.#lastWaited = this.#waitedAtBegin = this.#waitedMs();
  }

  /** Divides the window in two. */
  mark(): void {
    this.#marked = this.#count;
  }

  /** Call it in a separate turn of the loop, so that the last stall has been seen. */
  end(): LoopFigures {
    const beyond = (ms: number) => Math.max(0, ms - RESOLUTION_MS);
    const p99 = (from: number, to: number) => beyond(percentile(this.#gaps.subarray(from, to), 0.99));
    const marked = this.#marked;
    return {
      longestMs: beyond(this.#longest),
      longestOnCoreMs: beyond(this.#longestOnCore),
      p99Ms: p99(0, this.#count),
      p99BeforeMarkMs: marked === null || marked === 0 ? null : p99(0, marked),
      p99AfterMarkMs: marked === null || marked === this.#count ? null : p99(marked, this.#count),
      histogramLongestMs: beyond(this.#histogram.max / 1e6),
      histogramP99Ms: beyond(this.#histogram.percentile(99) / 1e6),
      waitedShare: (this.#lastWaited - this.#waitedAtBegin) / (this.#last - this.#beganAt),
    };
  }

  #await(): void {
    setTimeout(() => {
      const now = performance.now();
      const waited = this.#waitedMs();
      const gap = now - this.#last;
      this.#longest = Math.max(this.#longest, gap);
      this.#longestOnCore = Math.max(this.#longestOnCore, gap - (waited - this.#lastWaited));
      if (this.#count < MAX_GAPS) this.#gaps[this.#count++] = gap;
      this.#last = now;
      this.#lastWaited = waited;
      this.#await();
    }, RESOLUTION_MS).unref();
  }

  /** Since the thread began: the second number in its `schedstat`, nanoseconds. */
  #waitedMs(): number {
    const length = readSync(this.#schedule, this.#text, 0, this.#text.length, 0);
    return Number(this.#text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  }
}
