import type { PaceRules } from '../pace/pace.js';
import { formatBytes } from '../runtime/units.js';
import type { TrendVerdict } from '../trend/trend-verdict.js';
import type { CaptureTrigger } from './capture-trigger.js';
import type { CpuBudget } from './cpu-budget.js';
import { memoryAllotment, memoryReserve } from './memory-allotment.js';

/** Why nothing is captured now. The same word stands in status, log and report. */
type SkipReason =
  | 'captures-off'
  | 'already-capturing'
  | 'warming-up'
  | 'spacing'
  | 'cooling-down'
  | 'no-growth'
  | 'pause-over-budget'
  | 'no-memory-headroom'
  | 'cpu-budget';

/**
 * `capture` says why it pays; `skip` says why not, with the numbers.
 * A skip is `refused` when a capture was due and a limit forbade it: worth a record, unlike mere waiting.
 */
export type CaptureDecision =
  | { readonly decision: 'capture'; readonly trigger: CaptureTrigger; readonly because: string }
  | {
      readonly decision: 'skip';
      readonly reason: SkipReason;
      readonly detail: string;
      readonly refused: boolean;
      readonly trigger: CaptureTrigger | null;
    };

/** What the capture is expected to cost. */
export interface PredictedCapture {
  /** How long the service would stand still, milliseconds. */
  readonly pauseMs: number;
  /** What the dumper takes beside the heap, bytes. */
  readonly memoryBytes: number;
  /** What is taken beside it, bytes: by the process that analyses it, and by copies of what the service writes to meanwhile. */
  readonly besideBytes: number;
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
  readonly cpuBudget: Pick<CpuBudget, 'decide'>;
  readonly trend: TrendVerdict;
  /** What rises outside the graph, in words: reason enough to look who holds it. Null: nothing does. */
  readonly signal?: string | null;
  /** Whether a census would be taken, which costs so little that a shift of the heap's level is reason enough. */
  readonly isCensus?: boolean;
  readonly series: SeriesSituation;
}

/** Where the running series of captures stands. */
export interface SeriesSituation {
  /** Captures tried in this series; 0: none is running. */
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
  if (situation.predicted === null) return waiting('captures-off', situation.dumperReason);
  if (situation.capturing) return waiting('already-capturing', 'a capture is running');
  if (situation.asked !== null) {
    return withinLimits(situation, situation.predicted, situation.asked, `asked for by ${situation.asked}`);
  }
  const wait = untilDue(situation, rules);
  if (wait !== null) return wait;
  const because =
    situation.series.captures > 0 ? 'the running series needs its next capture' : growthWords(situation);
  return withinLimits(situation, situation.predicted, 'trend', because);
}

/** Whether to look at the size of the live heap, which needs no growth and no series, and keeps the limits. */
export function decideLook(situation: CaptureSituation, rules: PaceRules): CaptureDecision {
  if (situation.predicted === null) return waiting('captures-off', situation.dumperReason);
  if (situation.capturing) return waiting('already-capturing', 'a capture is running');
  const warm = situation.startedAtMs + rules.warmUpMs / 2;
  if (situation.nowMs < warm) return waiting('warming-up', `${seconds(warm - situation.nowMs)} s to go`);
  return withinLimits(situation, situation.predicted, 'trend', 'nothing else told the live heap lately');
}

function untilDue(situation: CaptureSituation, rules: PaceRules): CaptureDecision | null {
  const { nowMs, series, trend } = situation;
  const warm = situation.startedAtMs + rules.warmUpMs;
  if (nowMs < warm) return waiting('warming-up', `${seconds(warm - nowMs)} s to go`);
  const spacingMs = spacingOf(series, rules);
  const next = series.lastAtMs === null ? nowMs : series.lastAtMs + spacingMs;
  if (nowMs < next) return waiting('spacing', `the next capture is due in ${seconds(next - nowMs)} s`);
  if (series.captures > 0) return null;
  if (nowMs < series.coolDownUntilMs) {
    return waiting(
      'cooling-down',
      `the last series found nothing; the next may start in ${seconds(series.coolDownUntilMs - nowMs)} s`,
    );
  }
  if (!mayGrow(situation, rules))
    return waiting('no-growth', `the heap's trend is ${trend.direction} (${trend.points} points)`);
  return null;
}

function mayGrow({ trend, signal, isCensus }: CaptureSituation, rules: PaceRules): boolean {
  if (trend.direction === 'rising' || (signal ?? null) !== null) return true;
  if (trend.direction === 'unknown') return rules.captureUnknownTrend;
  return isShift(trend, isCensus);
}

/** A level that went up and stays is growth, too, where no slope is steep enough: steps of a leak that comes in batches. */
function isShift(trend: TrendVerdict, isCensus: boolean | undefined): boolean {
  return isCensus === true && trend.shifted && trend.direction === 'flat';
}

/**
 * Doubles once a series has had time enough to decide, so that a growth that is never settled costs less and less. Unevenly
 * spaced, by the golden ratio's low-discrepancy sequence: a batch that fills and is flushed with the period of the captures,
 * or a fraction of it, would look like growth at each of them.
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
  because: string,
): CaptureDecision {
  if (predicted.pauseMs > situation.pauseBudgetMs) {
    return refused(
      'pause-over-budget',
      `it would stop the service for about ${Math.round(predicted.pauseMs)} ms, and ${situation.pauseBudgetMs} ms are allowed (pauseBudgetMs)`,
      trigger,
    );
  }
  return (
    overMemory(situation, predicted, trigger) ??
    overCpu(situation, predicted, trigger) ?? { decision: 'capture', trigger, because }
  );
}

function overMemory(
  { memoryAvailableBytes: availableBytes, memoryLimitBytes: limitBytes }: CaptureSituation,
  { memoryBytes, besideBytes }: PredictedCapture,
  trigger: CaptureTrigger,
): CaptureDecision | null {
  const room = { availableBytes, limitBytes, besideBytes };
  if (memoryBytes <= memoryAllotment(room)) return null;
  const left = availableBytes === null ? 'an unknown amount is' : `${formatBytes(availableBytes)} are`;
  return refused(
    'no-memory-headroom',
    `it would take about ${formatBytes(memoryBytes)} and its analysis and copies of buffers ${formatBytes(besideBytes)}, and ${left} left, of which ${formatBytes(memoryReserve(room))} stay in reserve`,
    trigger,
  );
}

/** A series waits for its turn; what the schedule asked for is dropped. */
function overCpu(
  { nowMs, cpuBudget, asked }: CaptureSituation,
  predicted: PredictedCapture,
  trigger: CaptureTrigger,
): CaptureDecision | null {
  if (trigger === 'demand') return null;
  const verdict = cpuBudget.decide(nowMs, predicted.cpuSeconds);
  if (verdict.fits) return null;
  const detail = `it would take about ${tenths(verdict.predictedSeconds)} s of CPU, and ${tenths(verdict.spentSeconds)} s of the ${tenths(verdict.budgetSeconds)} s that an hour allows are spent; the next one fits in ${seconds(verdict.nextAtMs - nowMs)} s`;
  return asked === null ? waiting('cpu-budget', detail) : refused('cpu-budget', detail, trigger);
}

function growthWords({ trend, signal, isCensus }: CaptureSituation): string {
  if (trend.direction !== 'rising' && (signal ?? null) !== null) return `${signal}`;
  if (isShift(trend, isCensus))
    return `the heap's level went up within the last ${seconds(trend.windowMs)} s (${trend.basis})`;
  if (trend.direction === 'unknown') return 'too few collections happened to tell whether the heap grows';
  return `the heap grows by ${Math.round(trend.bytesPerSecond)} bytes a second over ${seconds(trend.windowMs)} s (${trend.basis})`;
}

function waiting(reason: SkipReason, detail: string): CaptureDecision {
  return { decision: 'skip', reason, detail, refused: false, trigger: null };
}

function refused(reason: SkipReason, detail: string, trigger: CaptureTrigger): CaptureDecision {
  return { decision: 'skip', reason, detail, refused: true, trigger };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
