import { FindingLedger } from '../../../src/findings/ledger.js';
import type { Bound, Expiry } from '../../../src/heap/limits/limit.js';
import type { GrowthStep, Suspect } from '../../../src/heap/suspects/suspect.js';
import { PACE_RULES, type Pace } from '../../../src/pace/pace.js';
import { seededRandom } from '../../support/seeded-random.js';
import { suspectWith } from '../../support/suspect.js';

/** Snapshots that the engine remembers: the first and the latest 15. */
const REMEMBERED = 16;
const KB = 1000;

/** Uniform in 0 to 1, and what is made of it. */
export interface Chance {
  uniform(): number;
  /** Events of a Poisson process; a normal distribution where many are expected. */
  poisson(expected: number): number;
}

/** Members of one path, and what the service did meanwhile; times are seconds since its start. */
export interface Growth {
  /** Members at some later and later times. */
  readonly members: (times: readonly number[], chance: Chance) => readonly number[];
  readonly bytesEach?: number;
  /** Requests served by then. */
  readonly requests?: (time: number) => number;
  readonly openSockets?: (time: number) => number;
  readonly bound?: Bound;
  readonly expiry?: (time: number) => Expiry;
}

/** Seconds after which it was first suspected and confirmed; null: never. */
export interface Seen {
  readonly suspected: number | null;
  readonly confirmed: number | null;
}

/** Captures a program as the watcher would, as long as nothing is confirmed, and returns what the ledger made of it. */
export function watchGrowth(growth: Growth, pace: Pace, untilSeconds: number, seed: number): Seen {
  const chance = chanceOf(seed);
  const times = captureTimes(pace, untilSeconds, chance);
  const members = growth.members(times, chance);
  const ledger = new FindingLedger(PACE_RULES[pace].finding);
  let steps: GrowthStep[] = [];
  let suspected: number | null = null;
  for (const [at, time] of times.entries()) {
    const count = Math.round(members[at]!);
    steps.push({ atMs: time * 1000, count, bytes: count * (growth.bytesEach ?? KB) });
    if (steps.length > REMEMBERED) steps = [steps[0]!, ...steps.slice(-REMEMBERED + 1)];
    ledger.note({
      atMs: time * 1000,
      requests: Math.round(growth.requests?.(time) ?? 0),
      openSockets: growth.openSockets?.(time) ?? null,
      majorCollections: 0,
    });
    ledger.record(suspectsOf(steps, growth, time), time * 1000);
    const status = ledger.findings[0]?.status;
    if (status === 'suspected' || status === 'confirmed') suspected ??= time;
    if (status === 'confirmed') return { suspected, confirmed: time };
  }
  return { suspected, confirmed: null };
}

/** Captures are due at the spacing of the pace, and wait up to a quarter of it for a collection and for each other. */
function captureTimes(pace: Pace, untilSeconds: number, chance: Chance): number[] {
  const { warmUpMs, captureSpacingMs } = PACE_RULES[pace];
  const times: number[] = [];
  const wait = () => (captureSpacingMs / 1000) * (1 + 0.25 * chance.uniform());
  for (let time = warmUpMs / 1000 + 2 * chance.uniform(); time < untilSeconds; time += wait())
    times.push(time);
  return times;
}

/** The engine reports a path once it rose at two steps in a row. */
function suspectsOf(steps: readonly GrowthStep[], growth: Growth, time: number): Suspect[] {
  const suspect = suspectWith(
    steps.map(({ count }) => count),
    {
      steps,
      bound: growth.bound ?? null,
      expiry: growth.expiry?.(time) ?? null,
    },
  );
  return suspect.risingSteps >= 2 ? [suspect] : [];
}

function chanceOf(seed: number): Chance {
  const random = seededRandom(seed);
  const uniform = () => (random.below(2 ** 30) + 0.5) / 2 ** 30;
  return {
    uniform,
    poisson(expected) {
      if (expected > 50) {
        const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
        return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal));
      }
      let events = 0;
      for (let product = uniform(); product > Math.exp(-expected); product *= uniform()) events += 1;
      return events;
    },
  };
}
