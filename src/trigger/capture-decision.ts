import type { PaceRules } from '../pace/pace.js';
import type { TrendVerdict } from '../trend/trend-verdict.js';
import type { CaptureTrigger } from './capture-trigger.js';
import type { CpuBudget, CpuShortage } from './cpu-budget.js';
import { memoryAllotment, memoryReserve } from './memory-allotment.js';

/** Why nothing is captured now, with the numbers. The code is the same in status, log and report; words are made in `wording/`. */
export type SkipReason =
  | { readonly code: 'captures-off'; readonly dumperReason: string }
  | { readonly code: 'already-capturing' }
  /** `waitMs`: until the reason no longer applies. */
  | { readonly code: 'warming-up' | 'spacing' | 'cooling-down'; readonly waitMs: number }
  | { readonly code: 'no-growth'; readonly direction: TrendVerdict['direction']; readonly points: number }
  | { readonly code: 'pause-over-budget'; readonly pauseMs: number; readonly budgetMs: number }
  | {
      readonly code: 'no-memory-headroom';
      readonly memoryBytes: number;
      /** See `PredictedCapture`. */
      readonly concurrentBytes: number;
      /** Null: unknown. */
      readonly availableBytes: number | null;
      /** The part of it that stays reserved for the service. */
      readonly reserveBytes: number;
    }
  | ({ readonly code: 'cpu-budget' } & CpuShortage);

/** A skip is `refused` if a capture was due and a limit prevented it: that gets a record, unlike mere waiting. */
export type CaptureDecision =
  | { readonly decision: 'capture'; readonly trigger: CaptureTrigger }
  | {
      readonly decision: 'skip';
      readonly why: SkipReason;
      readonly refused: boolean;
      readonly trigger: CaptureTrigger | null;
    };

/** What the capture is expected to cost. */
export interface PredictedCapture {
  /** How long the service would stand still, milliseconds. */
  readonly pauseMs: number;
  /** What the dumper takes in addition to the heap, bytes. */
  readonly memoryBytes: number;
  /** Memory taken elsewhere meanwhile, bytes: by the analysis process, and for copies of pages that the service writes to. */
  readonly concurrentBytes: number;
  /** CPU of dumper and analysis together, seconds. */
  readonly cpuSeconds: number;
}

export interface CaptureSituation {
  readonly nowMs: number;
  readonly startedAtMs: number;
  /** Set when someone or the schedule asked; null lets the trend decide. */
  readonly asked: CaptureTrigger | null;
  readonly capturing: boolean;
  /** Null where captures are off, with the reason in `dumperReason`. */
  readonly predicted: PredictedCapture | null;
  readonly dumperReason: string;
  readonly pauseBudgetMs: number;
  readonly memoryAvailableBytes: number | null;
  readonly memoryLimitBytes: number | null;
  /** What captures in the background took lately, those on demand left out. */
  readonly cpuBudget: Pick<CpuBudget, 'shortage'>;
  readonly trend: TrendVerdict;
  /** Whether something rises outside the heap: reason enough to find out what holds it. */
  readonly risesOutside: boolean;
  /** Whether a census would be taken, which costs so little that a shift of the heap's level is reason enough. */
  readonly isCensus: boolean;
  readonly series: SeriesSituation;
}

/** Where the running series of captures stands. */
export interface SeriesSituation {
  /** Captures tried in this series; 0 if no series is running. */
  readonly captures: number;
  /** Of the latest capture tried, of this series or an earlier one; null: never. */
  readonly lastAtMs: number | null;
  /** Latest captures in a row that showed no growing path. */
  readonly flat: number;
  /** Until when no new series starts, epoch milliseconds. */
  readonly coolDownUntilMs: number;
  readonly confirmed: boolean;
}

const CAPTURES_BEFORE_BACKING_OFF = 8;
/** Spacings lie between these parts of the pace's own. */
const SPACING_FROM = 0.9;
const SPACING_RANGE = 0.25;
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

export function decideCapture(situation: CaptureSituation, rules: PaceRules): CaptureDecision {
  const { predicted, asked } = situation;
  if (predicted === null || situation.capturing) return waiting(noCaptureNow(situation));
  if (asked !== null) return withinLimits(situation, predicted, asked);
  const wait = untilDue(situation, rules);
  return wait === null ? withinLimits(situation, predicted, 'trend') : waiting(wait);
}

/** Whether to look at the size of the live heap, which needs no growth and no series, and keeps the limits. */
export function decideLook(situation: CaptureSituation, rules: PaceRules): CaptureDecision {
  const { predicted, nowMs } = situation;
  if (predicted === null || situation.capturing) return waiting(noCaptureNow(situation));
  const warm = situation.startedAtMs + rules.warmUpMs / 2;
  if (nowMs < warm) return waiting({ code: 'warming-up', waitMs: warm - nowMs });
  return withinLimits(situation, predicted, 'trend');
}

function noCaptureNow({ predicted, dumperReason }: CaptureSituation): SkipReason {
  return predicted === null ? { code: 'captures-off', dumperReason } : { code: 'already-capturing' };
}

function untilDue(situation: CaptureSituation, rules: PaceRules): SkipReason | null {
  const { nowMs, series, trend } = situation;
  const warm = situation.startedAtMs + rules.warmUpMs;
  if (nowMs < warm) return { code: 'warming-up', waitMs: warm - nowMs };
  const spacingMs = spacingOf(series, rules);
  const next = series.lastAtMs === null ? nowMs : series.lastAtMs + spacingMs;
  if (nowMs < next) return { code: 'spacing', waitMs: next - nowMs };
  if (series.captures > 0) return null;
  if (nowMs < series.coolDownUntilMs) return { code: 'cooling-down', waitMs: series.coolDownUntilMs - nowMs };
  if (mayGrow(situation, rules)) return null;
  return { code: 'no-growth', direction: trend.direction, points: trend.points };
}

function mayGrow({ trend, risesOutside, isCensus }: CaptureSituation, rules: PaceRules): boolean {
  if (trend.direction === 'rising' || risesOutside) return true;
  if (trend.direction === 'unknown') return rules.captureUnknownTrend;
  // A level that went up and stays is growth, too, even if no slope is steep enough: a leak in batches grows in steps.
  return isCensus && trend.shifted && trend.direction === 'flat';
}

/**
 * Doubles once a series has had enough time to decide, so that growth that is never decided costs less and less. Uneven, by
 * the golden ratio's low-discrepancy sequence: at even spacing, a batch that fills and is flushed with the period of the
 * captures, or a fraction of it, would look like growth at each of them.
 */
function spacingOf(series: SeriesSituation, rules: PaceRules): number {
  if (series.confirmed) return rules.confirmedSpacingMs;
  const doublings = Math.max(0, series.captures - CAPTURES_BEFORE_BACKING_OFF);
  const uneven = SPACING_FROM + SPACING_RANGE * ((series.captures * GOLDEN_RATIO) % 1);
  return Math.min(rules.confirmedSpacingMs, rules.captureSpacingMs * uneven * 2 ** doublings);
}

function withinLimits(
  situation: CaptureSituation,
  predicted: PredictedCapture,
  trigger: CaptureTrigger,
): CaptureDecision {
  const { pauseBudgetMs: budgetMs, asked } = situation;
  const { pauseMs } = predicted;
  if (pauseMs > budgetMs) return refused({ code: 'pause-over-budget', pauseMs, budgetMs }, trigger);
  const overMemory = memoryReason(situation, predicted);
  if (overMemory !== null) return refused(overMemory, trigger);
  const shortage =
    trigger === 'demand' ? null : situation.cpuBudget.shortage(situation.nowMs, predicted.cpuSeconds);
  if (shortage === null) return { decision: 'capture', trigger };
  const overCpu: SkipReason = { code: 'cpu-budget', ...shortage };
  // A series waits for its turn; what the schedule asked for is dropped.
  return asked === null ? waiting(overCpu) : refused(overCpu, trigger);
}

function memoryReason(
  { memoryAvailableBytes: availableBytes, memoryLimitBytes: limitBytes }: CaptureSituation,
  { memoryBytes, concurrentBytes }: PredictedCapture,
): SkipReason | null {
  const room = { availableBytes, limitBytes, concurrentBytes };
  if (memoryBytes <= memoryAllotment(room)) return null;
  const reserveBytes = memoryReserve(room);
  return { code: 'no-memory-headroom', memoryBytes, concurrentBytes, availableBytes, reserveBytes };
}

function waiting(why: SkipReason): CaptureDecision {
  return { decision: 'skip', why, refused: false, trigger: null };
}

function refused(why: SkipReason, trigger: CaptureTrigger): CaptureDecision {
  return { decision: 'skip', why, refused: true, trigger };
}
