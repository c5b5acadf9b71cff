/**
 * `node sampled-loop.js INTERVAL_BYTES WINDOWS`: a program that does nothing but allocate, alternately with and without
 * sampling, a fixed amount of work each time. Prints a `LoopResult` as one line of JSON.
 */
import { setImmediate as turnEnd } from 'node:timers/promises';
import { createSamplingSlot } from '../src/sampling/sampling-slot.js';

export interface LoopResult {
  /** CPU of the process in a window, sampled / not sampled, for each pair of windows. */
  readonly ratios: readonly number[];
  /** Bytes allocated per second of CPU without sampling. */
  readonly bytesPerCpuSecond: number;
}

const ROUNDS = 1000;
const RECENT = 16;
const OBJECTS = 1000;
/** Size of one step's object, text and array on 64-bit V8. */
const BYTES_EACH = 150;

const [interval = '524288', windows = '40'] = process.argv.slice(2);
const slot = createSamplingSlot();
const live: object[] = [];
const recent: object[] = [];
const ratios: number[] = [];
let plainSeconds = 0;
work();
for (let pair = 0; pair < Number(windows); pair++) {
  const first = await measure(pair % 2 === 0);
  const second = await measure(pair % 2 !== 0);
  const [sampled, plain] = pair % 2 === 0 ? [first, second] : [second, first];
  ratios.push(sampled / plain);
  plainSeconds += plain;
}
const bytes = ratios.length * ROUNDS * OBJECTS * BYTES_EACH;
console.log(JSON.stringify({ ratios, bytesPerCpuSecond: bytes / plainSeconds } satisfies LoopResult));
process.disconnect?.();

async function measure(sampled: boolean): Promise<number> {
  if (sampled && slot.take(Number(interval)).hold !== 'ours') throw new Error('sampling did not start');
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  slot.release();
  await turnEnd();
  return (user + system) / 1e6;
}

/** One object in a hundred lives for a while, as in a service. */
function work(): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < OBJECTS; i++) {
      const object = { id: i, text: `text ${i}`, list: [i, round] };
      // Otherwise the compiler would not allocate the object at all.
      recent[i % RECENT] = object;
      if (i % 100 === 0) live[(round * 10 + i / 100) % 50_000] = object;
    }
  }
}
