import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { percentile } from '../statistics.js';

/** How the event loop ran in one window; milliseconds, beyond the one that lies between two looks. */
export interface LoopFigures {
  /** The longest that the loop stood still, as a chain of timers saw it. */
  readonly longestMs: number;
  readonly p99Ms: number;
  /** The same as `perf_hooks.monitorEventLoopDelay` saw it. */
  readonly histogramLongestMs: number;
  readonly histogramP99Ms: number;
}

const RESOLUTION_MS = 1;
/** Of what comes after them, about twenty minutes, only the longest counts. */
const MAX_GAPS = 1 << 20;

/**
 * Two meters of the same thing, since the histogram may miss what happens while it is itself not asked: Node's
 * histogram, and a chain of timers that notes each gap. Both wake the loop every millisecond, in all windows alike.
 */
export class LoopMeter {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #gaps = new Float64Array(MAX_GAPS);
  #count = 0;
  #longest = 0;
  #last = performance.now();

  constructor() {
    this.#histogram.enable();
    this.#await();
  }

  begin(): void {
    this.#histogram.reset();
    this.#count = 0;
    this.#longest = 0;
    this.#last = performance.now();
  }

  /** To be called in a turn of its own, so that what stood still last has been seen. */
  end(): LoopFigures {
    const beyond = (ms: number) => Math.max(0, ms - RESOLUTION_MS);
    return {
      longestMs: beyond(this.#longest),
      p99Ms: beyond(percentile(this.#gaps.subarray(0, this.#count), 0.99)),
      histogramLongestMs: beyond(this.#histogram.max / 1e6),
      histogramP99Ms: beyond(this.#histogram.percentile(99) / 1e6),
    };
  }

  #await(): void {
    setTimeout(() => {
      const now = performance.now();
      const gap = now - this.#last;
      this.#last = now;
      this.#longest = Math.max(this.#longest, gap);
      if (this.#count < MAX_GAPS) this.#gaps[this.#count++] = gap;
      this.#await();
    }, RESOLUTION_MS).unref();
  }
}
