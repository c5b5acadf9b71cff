import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import type { GcEvent, GcSource, GcSourceName } from './gc-source.js';
import { MajorJoin, type MajorReport } from './major-join.js';
import { parseMemwatchStats } from './memwatch-stats.js';

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

/** The offset between the clocks is computed now, not at process start: the wall clock drifts and can be set. */
function reportOf(stats: unknown, clock: Clock): MajorReport | null {
  const parsed = parseMemwatchStats(stats);
  if (parsed === null) return null;
  const receivedMs = clock.monotonicMs();
  if (parsed.timing === null) return { usedBytes: parsed.usedBytes, receivedMs, timing: null };
  const { endMs, pauseMs } = parsed.timing;
  const startMs = endMs - (clock.now() - receivedMs) - pauseMs;
  return { usedBytes: parsed.usedBytes, receivedMs, timing: { startMs, pauseMs } };
}
