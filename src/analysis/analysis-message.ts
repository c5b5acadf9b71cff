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
  readonly clockStepMs: number;
  readonly niceness: number;
  readonly previousBytes: number;
  /** Resident memory at which it gives up, bytes. */
  readonly memoryLimitBytes: number;
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

/** What the process sends, one line each: steps as they begin, and the result last. */
export type AnalysisMessage =
  | { readonly kind: 'progress'; readonly step: AnalysisStep }
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
  try {
    const message = JSON.parse(line) as AnalysisMessage;
    if (message.kind === 'progress') return isStep(message.step) ? message : null;
    const { kind, result, cpuSeconds, peakRssBytes } = message;
    if (kind !== 'result' || typeof cpuSeconds !== 'number' || typeof peakRssBytes !== 'number') return null;
    if (result.outcome === 'failure')
      return isStep(result.step) && typeof result.cause.kind === 'string' ? message : null;
    const series: unknown = result.series;
    if (result.outcome !== 'success' || typeof series !== 'string' || !Array.isArray(result.suspects))
      return null;
    return { ...message, result: { ...result, series: Buffer.from(series, 'base64') } };
  } catch {
    // No JSON, or it lacks what is looked into.
    return null;
  }
}

function isStep(value: unknown): boolean {
  return (ANALYSIS_STEPS as readonly unknown[]).includes(value);
}
