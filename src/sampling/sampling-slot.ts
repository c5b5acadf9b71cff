/**
 * V8 has one slot per isolate for a sampling heap profiler. What we found about it (Node 20, 22, 24, 26):
 *
 * - A second starter gets no error from the inspector or from `@datadog/pprof`, and shares the first one's profiler with
 *   its interval. Only `v8.startHeapProfile` (Node 26) and V8's own function report that the slot is taken.
 * - Any stop stops it for everyone, and so does the end of the session that started it. Readings then fail.
 * - If it was started through the inspector, every reading forces a full GC. If it was started by V8's own function
 *   without flags (the addon, `v8.startHeapProfile`, `@datadog/pprof`), a reading takes a fraction of a millisecond and
 *   collects nothing.
 */
import type * as inspector from 'node:inspector';
import * as v8 from 'node:v8';
import { loadSampling, type NativeSampling } from '../native/binding.js';
import { say } from '../runtime/say.js';
import {
  newestSample,
  type SampledMemory,
  type SamplingProfile,
  type StackBytes,
  stacksOf,
} from './sampling-profile.js';

/** Who holds the slot: we do, and readings collect nothing, or someone else; null: it is not available, for good. */
export type SlotClaim =
  | { readonly hold: 'ours' | 'taken' }
  | { readonly hold: null; readonly reason: string };

export interface SlotReading {
  readonly stacks: readonly StackBytes[];
  /** See `newestSample`. */
  readonly newestSample: number;
  /** Whether the reading forced a full GC. */
  readonly collected: boolean;
  /** CPU time of the process during the reading: on a busy machine much less than the elapsed time. */
  readonly cpuMs: number;
}

/** A port. No method throws. */
export interface SamplingSlot {
  /** Takes the slot if it is free. */
  take(intervalBytes: number): SlotClaim;
  /** Null if no profiler runs, or the reading failed. */
  read(): SlotReading | null;
  /** The same unabridged, with Node's and our own functions; collects as `read` does. */
  readWhole(): SampledMemory | null;
  /** Stops the profiler if `take` started it. */
  release(): void;
}

/** The addon reads V8's profile in memory, so it must know its layout: the same from Node 20 to this version, and unknown later. */
const NEWEST_KNOWN = 26;
/** Frames that V8 records with each sample; most of a sample's time goes into them. */
const STACK_DEPTH = 64;

/** From Node 26 on. */
interface HeapProfileHandle {
  stop(): unknown;
}
type StartHeapProfile = (options: { sampleInterval: number; stackDepth: number }) => HeapProfileHandle;

/** Starts a profiler and returns the function that stops it; null if V8 reports that one is running. Throws if this way is not available. */
type Start = (intervalBytes: number) => (() => void) | null;

export function createSamplingSlot(native: NativeSampling | null = loadSampling()): SamplingSlot {
  const module = process.getBuiltinModule('node:inspector');
  if (module === undefined) return unavailable(say`this Node.js was built without the inspector`);
  const start = quietStart(native);
  return start === null
    ? unavailable(say`without the addon each reading would force a full GC`)
    : new V8Slot(module, start, native);
}

function quietStart(native: NativeSampling | null): Start | null {
  const startHeapProfile = (v8 as { startHeapProfile?: StartHeapProfile }).startHeapProfile;
  if (typeof startHeapProfile === 'function') {
    return (sampleInterval) => {
      try {
        const handle = startHeapProfile({ sampleInterval, stackDepth: STACK_DEPTH });
        return () => void handle.stop();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_HEAP_PROFILE_HAVE_BEEN_STARTED') return null;
        throw error;
      }
    };
  }
  // An addon from another build may lack the function.
  if (typeof native?.startHeapSampling !== 'function') return null;
  return (intervalBytes) =>
    native.startHeapSampling(intervalBytes, STACK_DEPTH) ? () => native.stopHeapSampling() : null;
}

function unavailable(reason: string): SamplingSlot {
  return { take: () => ({ hold: null, reason }), read: () => null, readWhole: () => null, release() {} };
}

class V8Slot implements SamplingSlot {
  readonly #inspector: typeof inspector;
  readonly #start: Start;
  readonly #native: NativeSampling | null;
  #stop: (() => void) | null = null;

  constructor(module: typeof inspector, start: Start, native: NativeSampling | null) {
    this.#inspector = module;
    this.#start = start;
    this.#native = native;
  }

  take(intervalBytes: number): SlotClaim {
    this.#stop = null;
    try {
      this.#stop = this.#start(intervalBytes);
      return { hold: this.#stop === null ? 'taken' : 'ours' };
    } catch (error) {
      return { hold: null, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  read(): SlotReading | null {
    const from = process.cpuUsage();
    // A full GC frees more than a reading allocates. A `v8.GCProfiler` would know for certain, but outlives its stop.
    const before = v8.getHeapStatistics().used_heap_size;
    const profile = this.#profile();
    const after = v8.getHeapStatistics().used_heap_size;
    if (profile === null) return null;
    const stacks = stacksOf(profile);
    const { user, system } = process.cpuUsage(from);
    return {
      stacks,
      newestSample: newestSample(profile),
      cpuMs: (user + system) / 1000,
      collected: after < before,
    };
  }

  readWhole(): SampledMemory | null {
    const objectBytes = this.#objectBytes();
    const profile = this.#profile();
    return profile === null ? null : { profile, objectBytes };
  }

  release(): void {
    try {
      this.#stop?.();
    } catch {
      // Someone else has stopped it.
    }
    this.#stop = null;
  }

  /** The inspector reports bytes only, so the addon counts the objects. */
  #objectBytes(): ReadonlyMap<number, number> | null {
    if (Number.parseInt(process.versions.node, 10) > NEWEST_KNOWN) return null;
    // An addon from another build may lack the function.
    const numbers = this.#native?.heapSamplingObjects?.() ?? null;
    if (numbers === null) return null;
    const means = new Map<number, number>();
    for (let at = 0; at < numbers.length; at += 3)
      means.set(numbers[at]!, numbers[at + 1]! / numbers[at + 2]!);
    return means;
  }

  /** Uses a new session for each reading: a session that has started nothing leaves nothing behind and stops nothing. */
  #profile(): SamplingProfile | null {
    let profile: SamplingProfile | null = null;
    try {
      const session = new this.#inspector.Session();
      session.connect();
      // The answer comes before `post` returns: the session belongs to this thread.
      session.post('HeapProfiler.getSamplingProfile', (error, result) => {
        if (error === null) profile = result.profile as SamplingProfile;
      });
      session.disconnect();
    } catch {
      return null;
    }
    return profile;
  }
}
