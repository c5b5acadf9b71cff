/**
 * V8's CPU profiler, through a session of the inspector of its own: each session has its own profiler, so those of an
 * attached debugger, of `--cpu-prof` and of other agents go on undisturbed, and so does ours (Node 20, 22, 24, 26).
 *
 * V8 shows a function that it inlined, or a loop that it optimised while it ran, before the profile began, as part of
 * the caller.
 *
 * What it costs, measured on one core:
 * - Starting looks through the whole heap for code up to Node 24, on the service's thread: 0.6 to 0.9 ms a megabyte
 *   (193 ms at 324 MB). From Node 26 on it takes about 15 ms at any size.
 * - A sample takes 60 to 100 µs of CPU, on the service's thread and V8's own together.
 * - Stopping serialises the tree of calls on the service's thread: 18 ms for 1,600 nodes. A program whose every sample had
 *   another stack of 200 functions made 575,000 nodes of 3,600 samples: 2.9 s at 5.0 µs a node, and 1 GB of memory at the peak; of
 *   250 functions, 207,000 nodes of 940 samples: 0.8 s (Node 20; 4.6 µs a node on Node 22 and 24). Nothing can end it earlier, and
 *   how wide the tree is shows only then. So there are no more samples than the widest tree has room for in `pauseBudgetMs`.
 */
import type { Profiler, Session } from 'node:inspector';
import * as v8 from 'node:v8';
import { systemClock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatMilliseconds } from '../runtime/units.js';

/** At the most frames they make 256,000 nodes, at about 1 KB of memory each while V8 serialises them. */
const MAX_SAMPLES = 1000;
/** V8 keeps no more frames of a stack. */
const MAX_FRAMES = 256;
/** See above. */
const STOP_MS_PER_NODE = 0.005;
/** A profile of fewer says nothing. */
const LEAST_SAMPLES = 20;
const LEAST_INTERVAL_MICROS = 1000;
/** See above. */
const WALK_MS_PER_MB = 0.9;
/** V8's major version from which starting walks no heap: Node 26's. */
const NO_WALK_FROM = 14;

export interface CpuRecording {
  /** Time that starting took on the service's thread. */
  readonly pauseMs: number;
  /** Ends it, with the time that ending took; null if V8 gives no profile. */
  stop(): { readonly profile: Profiler.Profile; readonly pauseMs: number } | null;
  /** Ends it, and makes nothing of it. */
  discard(): void;
}

/** A port. No method throws. */
export interface CpuRecorder {
  /** Why the CPU should not be profiled now; null: it can be. `pauseBudgetMs`: the longest that starting or stopping may stop the service. */
  refusal(pauseBudgetMs: number): string | null;
  /** Null if it cannot be started. */
  start(intervalMicros: number): CpuRecording | null;
}

/** Microseconds between two samples of a profile of this length, such that stopping stays within the budget, whatever was sampled. */
export function samplingInterval(seconds: number, pauseBudgetMs: number): number {
  const samples = Math.min(MAX_SAMPLES, samplesWithin(pauseBudgetMs));
  return Math.max(LEAST_INTERVAL_MICROS, Math.ceil((seconds * 1e6) / samples));
}

/** The number of samples that stopping takes so long for if no two of them share a frame. */
function samplesWithin(pauseMs: number): number {
  return Math.floor(pauseMs / (MAX_FRAMES * STOP_MS_PER_NODE));
}

export const cpuRecorder: CpuRecorder = {
  refusal(pauseBudgetMs) {
    if (process.getBuiltinModule('node:inspector') === undefined)
      return say`this Node.js was built without the inspector`;
    if (samplesWithin(pauseBudgetMs) < LEAST_SAMPLES) {
      const neededMs = LEAST_SAMPLES * MAX_FRAMES * STOP_MS_PER_NODE;
      return say`stopping the profiler may take ${formatMilliseconds(neededMs)} with the ${LEAST_SAMPLES} samples that a profile needs at least, and pauseBudgetMs allows ${formatMilliseconds(pauseBudgetMs)}`;
    }
    if (Number.parseInt(process.versions.v8, 10) >= NO_WALK_FROM) return null;
    const bytes = v8.getHeapStatistics().used_heap_size;
    const expectedMs = (bytes / 1e6) * WALK_MS_PER_MB;
    if (expectedMs <= pauseBudgetMs) return null;
    return say`the heap has ${formatBytes(bytes)}, and starting the profiler would look through all of it on the service's thread: about ${formatMilliseconds(expectedMs)}, and pauseBudgetMs allows ${formatMilliseconds(pauseBudgetMs)} (Node 26 does not look through it)`;
  },

  start(intervalMicros) {
    const fromMs = systemClock.monotonicMs();
    const session = connected();
    if (session === null) return null;
    const discard = (): void => {
      process.off('exit', discard);
      session.disconnect();
    };
    // V8's sampling thread must not outlive the environment: a program that ends during a recording could die by SIGSEGV.
    process.on('exit', discard);
    const started =
      ask(session, 'Profiler.enable') !== null &&
      ask(session, 'Profiler.setSamplingInterval', { interval: intervalMicros }) !== null &&
      ask(session, 'Profiler.start') !== null;
    if (!started) {
      discard();
      return null;
    }
    return {
      pauseMs: systemClock.monotonicMs() - fromMs,
      stop() {
        const stopFromMs = systemClock.monotonicMs();
        const answer = ask(session, 'Profiler.stop') as { readonly profile: Profiler.Profile } | null;
        discard();
        return answer && { profile: answer.profile, pauseMs: systemClock.monotonicMs() - stopFromMs };
      },
      discard,
    };
  },
};

function connected(): Session | null {
  try {
    const session = new (process.getBuiltinModule('node:inspector').Session)();
    session.connect();
    return session;
  } catch {
    return null;
  }
}

/** The answer comes before `post` returns: the session belongs to this thread. Null for an error. */
function ask(session: Session, method: string, parameters: object = {}): object | null {
  let answer: object | null = null;
  try {
    session.post(method, parameters, (error, result) => {
      if (error === null) answer = result ?? {};
    });
  } catch {
    return null;
  }
  return answer;
}
