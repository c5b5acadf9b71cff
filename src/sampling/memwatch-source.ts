import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import type { GcEvent, GcSource, GcSourceName } from './gc-source.js';
import { MajorJoin, type MajorReport } from './major-join.js';

/** The part of a memwatch package that is used. */
export interface MemwatchModule {
  on(event: 'stats', listener: (stats: unknown) => void): unknown;
  removeListener(event: 'stats', listener: (stats: unknown) => void): unknown;
}

export type MemwatchName = Exclude<GcSourceName, 'built-in'>;

/** How long an event waits for its `stats`: libuv's pool may be busy, and memwatch is silent while its own HeapDiff runs. */
const MAX_HOLD_MS = 1_000;

/**
 * The live heap after full GCs from a memwatch package. All other kinds of cycles, and everything memwatch does not
 * report (heap before the cycle, old space, times with `memwatch-next`), come from `builtIn`.
 */
export function createMemwatchSource(
  name: MemwatchName,
  module: MemwatchModule,
  reason: string,
  builtIn: GcSource,
  clock: Clock = systemClock,
): GcSource {
  let stopRunning: (() => void) | null = null;
  return {
    name,
    reason,
    start(onEvents) {
      stopRunning ??= run(module, builtIn, clock, onEvents);
    },
    stop() {
      stopRunning?.();
      stopRunning = null;
    },
  };
}

function run(
  module: MemwatchModule,
  builtIn: GcSource,
  clock: Clock,
  onEvents: (events: readonly GcEvent[]) => void,
): () => void {
  const join = new MajorJoin();
  let hold: Timer | null = null;
  const pass = (ready: readonly GcEvent[]): void => {
    if (!join.waiting) {
      hold?.cancel();
      hold = null;
    }
    if (join.waiting && hold === null) {
      hold = clock.after(MAX_HOLD_MS, () => {
        hold = null;
        pass(join.flush());
      });
    }
    if (ready.length > 0) onEvents(ready);
  };
  const onStats = (stats: unknown): void => {
    const report = reportOf(stats, clock);
    if (report !== null) pass(join.report(report));
  };
  module.on('stats', onStats);
  builtIn.start((events) => pass(join.events(events)));
  return () => {
    module.removeListener('stats', onStats);
    builtIn.stop();
    hold?.cancel();
  };
}

/**
 * Reads the `stats` of either package; null for anything else. The offset between the clocks is computed now, not at
 * process start: the wall clock drifts and can be set.
 * - `@airbnb/node-memwatch` 3: `{ gc_ts (µs since the epoch, end of the cycle), gc_time (ns), used_heap_size (bytes), … }`
 * - `memwatch-next` and older: `{ current_base (bytes after the GC), num_full_gc, usage_trend, … }`
 */
function reportOf(stats: unknown, clock: Clock): MajorReport | null {
  if (typeof stats !== 'object' || stats === null) return null;
  const fields: Readonly<Record<string, unknown>> = { ...stats };
  const receivedMs = clock.monotonicMs();
  const used = amount(fields['used_heap_size']);
  const endUs = amount(fields['gc_ts']);
  const pauseNs = amount(fields['gc_time']);
  if (used !== null && endUs !== null && pauseNs !== null) {
    const pauseMs = pauseNs / 1e6;
    const startMs = endUs / 1e3 - (clock.now() - receivedMs) - pauseMs;
    return { usedBytes: used, receivedMs, timing: { startMs, pauseMs } };
  }
  const base = amount(fields['current_base']);
  return base === null ? null : { usedBytes: base, receivedMs, timing: null };
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}
