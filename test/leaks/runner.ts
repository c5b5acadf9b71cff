import { type Judgement, judge } from './judgement.js';
import type { Truth } from './truth.js';
import { type RunPlan, runWatched } from './watched-run.js';

export interface Round {
  readonly pace: RunPlan['pace'];
  /** Of leaking; healthy programs have the traffic that makes them look as if they leaked at this pace. */
  readonly rate: number;
  readonly forMs: number;
  /** Programs at the same time. */
  readonly parallel: number;
}

/** A confirmed leak is watched for so long after, to see what else is said of it. */
const SETTLE_MS = { fast: 10_000, production: 60_000 } as const;

/** Caches fill within a minute at the fast pace, and within ten where the watcher looks every few minutes. */
const HEALTHY_RATE = { fast: 1, production: 0.1 } as const;

/** Runs every program once, a bounded number at the same time, and judges it. Nothing is run again. */
export async function runRound(
  programs: readonly Truth[],
  round: Round,
  onJudged: (judgement: Judgement) => void = () => {},
): Promise<readonly Judgement[]> {
  const judged = new Map<string, Judgement>();
  const waiting = [...programs];
  const work = async (): Promise<void> => {
    for (let truth = waiting.shift(); truth !== undefined; truth = waiting.shift()) {
      const plan: RunPlan = {
        name: truth.name,
        leaks: truth.leaks,
        pace: round.pace,
        rate: truth.leaks ? round.rate : HEALTHY_RATE[round.pace],
        forMs: round.forMs * truth.patience,
        settleMs: SETTLE_MS[round.pace],
      };
      const judgement = judge(truth, plan, await runWatched(plan));
      judged.set(truth.name, judgement);
      onJudged(judgement);
    }
  };
  await Promise.all(Array.from({ length: round.parallel }, work));
  return programs.flatMap(({ name }) => judged.get(name) ?? []);
}
