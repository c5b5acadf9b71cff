import type { AnalysisResult, AnalysisStep } from '../heap/analysis.js';

/** What an analysis in another process is told first: one line, then `previousBytes` bytes of the previous series. */
export interface AnalysisHeader {
  readonly capturedAtMs: number;
  readonly previousBytes: number;
}

/** What it says, one line each: steps as they begin, and the result last. */
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

/** Null when the line is not a message. The sender is our own code: what is checked is that it is whole, not each figure. */
export function decodeMessage(line: string): AnalysisMessage | null {
  let message: Record<string, unknown>;
  try {
    message = record(JSON.parse(line));
  } catch {
    return null;
  }
  if (message['kind'] === 'progress') {
    const step = message['step'];
    return typeof step === 'string' ? { kind: 'progress', step: step as AnalysisStep } : null;
  }
  const { cpuSeconds, peakRssBytes } = message;
  if (message['kind'] !== 'result' || typeof cpuSeconds !== 'number' || typeof peakRssBytes !== 'number')
    return null;
  const result = decodeResult(record(message['result']));
  return result === null ? null : { kind: 'result', result, cpuSeconds, peakRssBytes };
}

function decodeResult(result: Record<string, unknown>): AnalysisResult | null {
  if (result['outcome'] === 'failure') {
    return typeof result['reason'] === 'string' ? (result as unknown as AnalysisResult) : null;
  }
  const { series } = result;
  if (result['outcome'] !== 'success' || typeof series !== 'string' || !Array.isArray(result['suspects']))
    return null;
  return {
    ...(result as unknown as Extract<AnalysisResult, { outcome: 'success' }>),
    series: Buffer.from(series, 'base64'),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
