/**
 * The one slot that V8 has in each isolate for a sampling heap profiler, and what was found of it (Node 20, 22, 24, 26):
 *
 * - Whoever starts second gets no error from the inspector or from `@datadog/pprof`, and shares the profiler of the first
 *   with its interval. Only `v8.startHeapProfile` (Node 26) and V8 itself tell that the slot is taken.
 * - Whoever stops, stops it for all; so does a session that ends after it has started one. Readings then fail.
 * - Started by the inspector, every reading forces a full collection. Started by V8's own function without flags (the
 *   addon, `v8.startHeapProfile`, `@datadog/pprof`), a reading takes a fraction of a millisecond and collects nothing.
 */
import type * as inspector from 'node:inspector';
import * as v8 from 'node:v8';
import { newestSample, type SamplingProfile, type StackBytes, stacksOf } from './sampling-profile.js';

/** How the slot is held: by us so that readings collect nothing, by us with a full collection at each, or by others. */
type SlotHold = 'quiet' | 'collecting' | 'taken';

export type SlotClaim =
  | { readonly hold: SlotHold }
  /** Not to be had: for good, or only where a collection does no harm. */
  | { readonly hold: null; readonly reason: string; readonly forGood: boolean };

export interface SlotReading {
  readonly stacks: readonly StackBytes[];
  /** See `newestSample`. */
  readonly newestSample: number;
  /** Whether the reading forced a full collection. */
  readonly collected: boolean;
  /** CPU of the process meanwhile: on a busy machine much less than the time that went by. */
  readonly cpuMs: number;
}

/** A port. Nothing of it throws. */
export interface SamplingSlot {
  /** Takes the slot where nobody has it. `mayCollect`: whether a full collection does no harm now. */
  take(intervalBytes: number, mayCollect: boolean): SlotClaim;
  /** Null where nobody samples, or the reading failed. */
  read(): SlotReading | null;
  /** Stops the profiler where `take` has started it. */
  release(): void;
}

/** Functions of the addon, where there is one. */
export interface NativeSampling {
  startHeapSampling(intervalBytes: number, frames: number): boolean;
  stopHeapSampling(): void;
}

/** Frames V8 notes with each sample; its time goes into them. */
const STACK_DEPTH = 64;

/** Of Node 26. */
interface HeapProfileHandle {
  stop(): unknown;
}
type StartHeapProfile = (options: { sampleInterval: number; stackDepth: number }) => HeapProfileHandle;

/** How the profiler is stopped that was started; null where V8 says that there is one. Throws where this way is none. */
type Start = (intervalBytes: number) => (() => void) | null;

export function createSamplingSlot(native: NativeSampling | null): SamplingSlot {
  const module = process.getBuiltinModule('node:inspector');
  if (module === undefined) return unavailable('this Node.js was built without the inspector');
  return new V8Slot(module, quietStart(native));
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
  // An addon of another build may lack the function.
  if (typeof native?.startHeapSampling !== 'function') return null;
  return (intervalBytes) =>
    native.startHeapSampling(intervalBytes, STACK_DEPTH) ? () => native.stopHeapSampling() : null;
}

function unavailable(reason: string): SamplingSlot {
  return { take: () => ({ hold: null, reason, forGood: true }), read: () => null, release() {} };
}

class V8Slot implements SamplingSlot {
  readonly #inspector: typeof inspector;
  readonly #quietStart: Start | null;
  #stop: (() => void) | null = null;
  /** The one that has started a profiler: its end would be the profiler's, so it stays until then. */
  #session: inspector.Session | null = null;

  constructor(module: typeof inspector, start: Start | null) {
    this.#inspector = module;
    this.#quietStart = start;
  }

  take(intervalBytes: number, mayCollect: boolean): SlotClaim {
    this.#stop = null;
    try {
      if (this.#quietStart === null) return this.#takeByInspector(intervalBytes, mayCollect);
      this.#stop = this.#quietStart(intervalBytes);
      return { hold: this.#stop === null ? 'taken' : 'quiet' };
    } catch (error) {
      return { hold: null, reason: messageOf(error), forGood: true };
    }
  }

  read(): SlotReading | null {
    const from = process.cpuUsage();
    // A collection frees more than a reading takes. A `v8.GCProfiler` would say so for sure, but outlives its stop.
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

  release(): void {
    try {
      this.#stop?.();
    } catch {
      // Somebody else has stopped it.
    }
    this.#stop = null;
  }

  #takeByInspector(samplingInterval: number, mayCollect: boolean): SlotClaim {
    if (!mayCollect) {
      const reason = 'without the addon a reading forces a full collection: read where a capture does so too';
      return { hold: null, reason, forGood: false };
    }
    if (this.#profile() !== null) return { hold: 'taken' };
    if (this.#session === null) {
      this.#session = new this.#inspector.Session();
      this.#session.connect();
    }
    let failure: Error | null = null;
    this.#session.post('HeapProfiler.startSampling', { samplingInterval }, (error) => {
      failure = error;
    });
    if (failure !== null) throw failure;
    this.#stop = () => {
      this.#session?.disconnect();
      this.#session = null;
    };
    return { hold: 'collecting' };
  }

  /** A session of its own for each reading: one that has started nothing leaves nothing behind and stops nothing. */
  #profile(): SamplingProfile | null {
    let profile: SamplingProfile | null = null;
    try {
      const session = new this.#inspector.Session();
      session.connect();
      // Answered before `post` returns: the session belongs to this thread.
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
