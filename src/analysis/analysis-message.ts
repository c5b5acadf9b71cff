import type { AnalysisResult, AnalysisStep } from '../heap/analysis.js';
import type { RawFrame, RawSite } from '../heap/sources/code-place.js';

/** In the order they run: a step's place here is how far the analysis is. */
export const ANALYSIS_STEPS = [
  'parsing',
  'linking',
  'tracing',
  'comparing',
  'ranking',
] as const satisfies readonly AnalysisStep[];

/** The first line to an analysis process; `previousBytes` bytes of the previous series follow. */
export interface AnalysisHeader {
  readonly capturedAtMs: number;
  readonly niceness: number;
  readonly previousBytes: number;
  /** Resident memory at which it gives up, bytes. */
  readonly memoryLimitBytes: number;
  /** Size of the snapshot to come, bytes; null if unknown. */
  readonly snapshotBytes: number | null;
  /** Where memory that survives is allocated, most growth first; see `boundedSites`. */
  readonly sites: readonly RawSite[];
}

const MAX_SITES = 64;
const MAX_CALLERS = 16;
/** Longer names and addresses are cut. */
const MAX_TEXT = 300;

/** The sites that are passed on: the first ones, with the nearest callers. */
export function boundedSites(sites: readonly RawSite[]): readonly RawSite[] {
  return sites.slice(0, MAX_SITES).map((site) => ({
    ...boundedFrame(site),
    liveBytes: site.liveBytes,
    growthBytes: site.growthBytes,
    callers: site.callers.slice(0, MAX_CALLERS).map(boundedFrame),
  }));
}

function boundedFrame({ function: name, url, line, column }: RawFrame): RawFrame {
  return { function: name.slice(0, MAX_TEXT), url: url.slice(0, MAX_TEXT), line, column };
}

/** What the process sends, one line each: steps as they begin and proceed, and the result last. */
export type AnalysisMessage =
  | {
      readonly kind: 'progress';
      readonly step: AnalysisStep;
      /** How far through the step, 0 to 1; null if unknown. */
      readonly fraction: number | null;
    }
  | {
      readonly kind: 'result';
      readonly result: AnalysisResult;
      /** CPU the process took, user and system, seconds. */
      readonly cpuSeconds: number;
      /** The most memory it held, bytes. */
      readonly peakRssBytes: number;
    };

/** One line of JSON, its line feed included; the series becomes base64. */
export function encodeMessage(message: AnalysisMessage): string {
  const isSuccess = message.kind === 'result' && message.result.outcome === 'success';
  if (!isSuccess) return `${JSON.stringify(message)}\n`;
  const series = Buffer.from(message.result.series).toString('base64');
  return `${JSON.stringify({ ...message, result: { ...message.result, series } })}\n`;
}

/** Null if the line is not a message. The sender is our own code, so it is checked for completeness, not figure by figure. */
export function decodeMessage(line: string): AnalysisMessage | null {
  let message: Record<string, unknown>;
  try {
    message = record(JSON.parse(line));
  } catch {
    return null;
  }
  if (message['kind'] === 'progress') {
    const { step, fraction } = message;
    return isStep(step) && isFraction(fraction) ? { kind: 'progress', step, fraction } : null;
  }
  const { cpuSeconds, peakRssBytes } = message;
  if (message['kind'] !== 'result' || typeof cpuSeconds !== 'number' || typeof peakRssBytes !== 'number')
    return null;
  const result = decodeResult(record(message['result']));
  return result === null ? null : { kind: 'result', result, cpuSeconds, peakRssBytes };
}

function decodeResult(result: Record<string, unknown>): AnalysisResult | null {
  if (result['outcome'] === 'failure') {
    const isWhole = typeof record(result['cause'])['kind'] === 'string' && isStep(result['step']);
    return isWhole ? (result as unknown as AnalysisResult) : null;
  }
  const { series } = result;
  if (result['outcome'] !== 'success' || typeof series !== 'string' || !Array.isArray(result['suspects']))
    return null;
  return {
    ...(result as unknown as Extract<AnalysisResult, { outcome: 'success' }>),
    series: Buffer.from(series, 'base64'),
  };
}

function isStep(value: unknown): value is AnalysisStep {
  return (ANALYSIS_STEPS as readonly unknown[]).includes(value);
}

function isFraction(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && value >= 0 && value <= 1);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
