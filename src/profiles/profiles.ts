import type {
  Asked,
  OperationFile,
  OperationResult,
  OperationWork,
  Refused,
} from '../operations/operation.js';
import type { BeginOutcome, Operations } from '../operations/operations.js';
import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { tenths } from '../runtime/units.js';
import type { AllocationSites } from '../sampling/allocation-profiler.js';
import { newestSample } from '../sampling/sampling-profile.js';
import { type CpuProfile, cpuPprof, cpuProfileJson } from './cpu-profile.js';
import { type CpuRecorder, samplingInterval } from './cpu-recorder.js';
import { allocatedAfter, type HeapProfile, heapPprof, heapProfileJson, liveMemory } from './heap-profile.js';
import { compressed, decompressed, filesOf } from './profile-files.js';
import type { ProfileOrigin } from './profile-origin.js';
import { recordingTime } from './recording-time.js';

/** A CPU profile stops the service twice, so one does not follow the other at once. */
const CPU_COOL_DOWN_MS = 10_000;

interface ProfileParts {
  readonly sites: Pick<AllocationSites, 'samples'>;
  readonly cpu: CpuRecorder;
  readonly clock: Clock;
  readonly operations: Operations;
  readonly origin: ProfileOrigin;
  /** The longest that a CPU profile may stop the service at once. */
  readonly pauseBudgetMs: number;
  /** Called in the same turn as a pause, with its times (monotonic clock): no pause of the service's own. */
  paused(fromMs: number, toMs: number): void;
}

/** Profiles for people and for scrapers. Everything here reads; nothing changes what the watcher itself samples. */
export class Profiles {
  readonly #parts: ProfileParts;

  constructor(parts: ProfileParts) {
    this.#parts = parts;
  }

  /** Memory by the stack that allocated it, of the samples that the watcher takes anyway. */
  heap(): readonly OperationFile[] | Refused {
    const { sites, clock, origin } = this.#parts;
    const samples = sites.samples();
    if ('refused' in samples) return refusal(samples.refused);
    const profile = liveMemory(samples, clock.now());
    const bytes = samples.profile.samples.reduce((sum, { size }) => sum + size, 0);
    const headers = {
      'Profile-Since': new Date(samples.sinceMs).toISOString(),
      'Profile-Bytes': String(Math.round(bytes)),
    };
    return filesOf('heap', origin, profile.atMs, {
      pprof: () => heapPprof(profile, origin),
      json: () => Buffer.from(heapProfileJson(profile)),
    }).map((file) => ({ ...file, headers }));
  }

  /** Begins to record one, unless one is being recorded. */
  record(kind: 'heap' | 'cpu', seconds: number, asked: Asked): BeginOutcome | Refused {
    const { operations } = this.#parts;
    const order = {
      ...asked,
      kind: `${kind}-profile`,
      request: String(seconds),
      expectedMs: seconds * 1000,
      coolDownMs: kind === 'cpu' ? CPU_COOL_DOWN_MS : 0,
    } as const;
    const present = operations.check(order);
    if (present !== null) return present;
    const work = kind === 'cpu' ? this.recordCpu(seconds) : this.recordHeap(seconds);
    return typeof work === 'function' ? operations.begin(order, work) : work;
  }

  /**
   * Memory allocated within that time and not freed by its end. Uses the samples at the watcher's interval: a finer one needs
   * another start of the profiler, which forgets everything sampled before, and verdicts depend on that history.
   */
  recordHeap(seconds: number): OperationWork | Refused {
    const { sites, clock } = this.#parts;
    const before = sites.samples();
    if ('refused' in before) return refusal(before.refused);
    const { sinceMs, intervalBytes } = before;
    const newest = newestSample(before.profile);
    return async (control) => {
      if (!(await recordingTime(seconds, clock, control))) return CANCELLED;
      const samples = sites.samples();
      if ('refused' in samples) return failure(samples.refused);
      if (samples.sinceMs !== sinceMs)
        return failure(say`the profiler was started again with another interval meanwhile: try again`);
      const profile = allocatedAfter(samples, newest, clock.now(), seconds * 1000);
      const held = await this.#heldHeap(profile);
      return { value: { seconds, intervalBytes, samples: profile.count }, ...held };
    };
  }

  /** Where the service's thread spends its time. */
  recordCpu(seconds: number): OperationWork | Refused {
    const { cpu, clock, pauseBudgetMs } = this.#parts;
    const refused = cpu.refusal(pauseBudgetMs);
    if (refused !== null) return refusal(refused);
    return async (control) => {
      const startMs = clock.now();
      const intervalMicros = samplingInterval(seconds, pauseBudgetMs);
      const recording = this.#pausing(() => cpu.start(intervalMicros));
      if (recording === null) return failure(say`V8 did not start its CPU profiler`);
      if (!(await recordingTime(seconds, clock, control))) {
        this.#pausing(() => recording.discard());
        return CANCELLED;
      }
      const stopped = this.#pausing(() => recording.stop());
      if (stopped === null) return failure(say`V8 gave no profile`);
      const pausesMs = { start: tenths(recording.pauseMs), stop: tenths(stopped.pauseMs) };
      const samples = stopped.profile.samples?.length ?? 0;
      const held = await this.#heldCpu({ profile: stopped.profile, intervalMicros, startMs });
      return { value: { seconds, intervalMicros, samples, pausesMs }, ...held };
    };
  }

  #pausing<T>(work: () => T): T {
    const { clock, paused } = this.#parts;
    const fromMs = clock.monotonicMs();
    try {
      return work();
    } finally {
      paused(fromMs, clock.monotonicMs());
    }
  }

  async #heldHeap(profile: HeapProfile): Promise<Held> {
    const { origin } = this.#parts;
    return held('heap', origin, profile.atMs, await heapPprof(profile, origin), [heapProfileJson(profile)]);
  }

  async #heldCpu(profile: CpuProfile): Promise<Held> {
    const { origin } = this.#parts;
    const pprof = await cpuPprof(profile, origin);
    return held('cpu', origin, profile.startMs, pprof, cpuProfileJson(profile));
  }
}

/** The operation is over, so nobody reads this. */
const CANCELLED: OperationResult = { value: null };

function refusal(detail: string): Refused {
  return { outcome: 'refused', detail };
}

function failure(detail: string): OperationResult {
  return { error: { code: 'LEAKWATCH_ERR_REFUSED', detail } };
}

interface Held {
  readonly files: readonly OperationFile[];
  readonly heldBytes: number;
}

/** A finished profile is kept compressed in both formats: V8's own objects take ten times as much. */
async function held(
  kind: 'cpu' | 'heap',
  origin: ProfileOrigin,
  atMs: number,
  pprof: Uint8Array,
  json: Iterable<string>,
): Promise<Held> {
  const packed = await compressed(json);
  return {
    files: filesOf(kind, origin, atMs, { pprof: () => pprof, json: () => decompressed(packed) }),
    heldBytes: pprof.byteLength + packed.byteLength,
  };
}
