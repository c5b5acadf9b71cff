/**
 * Leaks, with the sampling profiler's slot in the situation named first; prints what came of it as JSON.
 */
import { Session } from 'node:inspector';
import { GCProfiler } from 'node:v8';
import { createSamplingSlot } from '../../../src/sampling/sampling-slot.js';

const INTERVAL_BYTES = 32_768;
const kept: object[] = [];

function recordOrder(id: number): void {
  kept.push({ id, items: [id, id + 1, id + 2], customer: { name: `customer ${id}` } });
}

function leak(): void {
  for (let id = 0; id < 20_000; id++) recordOrder(id);
}

class Inspector {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  /** Null where it is answered with an error. */
  ask(method: string, parameters: object = {}): unknown {
    let answer: unknown = null;
    this.#session.post(method, parameters, (error, result) => {
      answer = error === null ? (result ?? {}) : null;
    });
    return answer;
  }

  end(): void {
    this.#session.disconnect();
  }
}

const collections = new GCProfiler();
const scenarios: Readonly<Record<string, () => unknown>> = {
  alone() {
    const slot = createSamplingSlot();
    const before = slot.read();
    const { hold } = slot.take(INTERVAL_BYTES);
    leak();
    collections.start();
    const readings = [slot.read(), slot.read(), slot.read()];
    const forced = collections
      .stop()
      ?.statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact').length;
    slot.release();
    const stacks = readings[2]?.stacks.toSorted((a, b) => b.liveBytes - a.liveBytes) ?? [];
    return { before, hold, forced, largest: stacks[0] ?? null, after: slot.read() };
  },

  'another came first'() {
    const other = new Inspector();
    other.ask('HeapProfiler.startSampling', { samplingInterval: INTERVAL_BYTES });
    const slot = createSamplingSlot();
    const { hold } = slot.take(INTERVAL_BYTES);
    leak();
    const read = slot.read();
    slot.release();
    const theirs = other.ask('HeapProfiler.stopSampling') !== null;
    other.end();
    return { hold, collected: read?.collected, stacks: (read?.stacks.length ?? 0) > 0, theirs };
  },

  'another joins and leaves'() {
    const slot = createSamplingSlot();
    slot.take(INTERVAL_BYTES);
    const other = new Inspector();
    const started = other.ask('HeapProfiler.startSampling', { samplingInterval: INTERVAL_BYTES }) !== null;
    leak();
    const theirs = other.ask('HeapProfiler.stopSampling') !== null;
    const ours = slot.read();
    const { hold } = slot.take(INTERVAL_BYTES);
    leak();
    const again = (slot.read()?.stacks.length ?? 0) > 0;
    slot.release();
    other.end();
    return { started, theirs, ours, hold, again };
  },

  'without the addon'() {
    const slot = createSamplingSlot(null);
    const { hold } = slot.take(INTERVAL_BYTES);
    leak();
    return { hold, read: slot.read() };
  },
};

const [name = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify({ ...(scenarios[name]?.() as object), kept: kept.length }));
