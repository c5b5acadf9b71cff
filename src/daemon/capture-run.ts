import { randomBytes } from 'node:crypto';
import type { CaptureOutcome, CaptureRecord, CaptureTrigger } from '../capture/capture-record.js';
import type { DumpOutcome, DumpSuccess, HeapDumper } from '../capture/heap-dumper.js';
import type { AnalysisResult } from '../heap/analysis.js';
import { terminalText } from '../report/terminal-text.js';
import type { Clock } from '../runtime/clock.js';
import type { AnalysisOutcome, StartAnalysis } from './analysis-client.js';

type AnalysisSuccess = Extract<AnalysisResult, { outcome: 'success' }>;

/** A crashed process's last words are the longest reasons. */
const MAX_REASON = 500;

export interface CaptureRun {
  readonly record: CaptureRecord;
  /** Null unless the record's outcome is `success`. */
  readonly result: AnalysisSuccess | null;
  readonly cpuSeconds: number;
  /** The most memory the analysis process held, bytes; 0 when it could not tell. */
  readonly analysisBytes: number;
}

export interface CaptureRunOptions {
  readonly dumper: HeapDumper;
  readonly startAnalysis: StartAnalysis;
  readonly clock: Clock;
  readonly trigger: CaptureTrigger;
  readonly previous: Uint8Array | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** See `DumpOptions`. */
  paused(fromMs: number, toMs: number): void;
  /** Called when the heap is on its way, before the analysis ends. */
  dumped(dump: DumpSuccess): void;
}

/** One capture from dump to result. Never rejects: whatever goes wrong costs this capture only and stands in its record. */
export async function runCapture(options: CaptureRunOptions): Promise<CaptureRun> {
  const { clock, dumper } = options;
  const atMs = clock.now();
  const fromMs = clock.monotonicMs();
  const analysis = options.startAnalysis({
    previous: options.previous,
    capturedAtMs: atMs,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  const dump = await dumper.dump(analysis.sink, { signal: options.signal, paused: options.paused });
  if (dump.outcome === 'success') options.dumped(dump);
  else analysis.kill();
  const analysed = await analysis.result;
  const { outcome, reason } = summarise(dump, analysed, options.signal);
  return {
    record: {
      id: `capture-${randomBytes(6).toString('hex')}`,
      atMs,
      dumper: dumper.name,
      trigger: options.trigger,
      outcome,
      reason: reason === null ? null : terminalText(reason, MAX_REASON),
      pauseMs: dump.pauseMs,
      durationMs: clock.monotonicMs() - fromMs,
      analysisMs: 'elapsedMs' in analysed ? analysed.elapsedMs : 0,
      peakBytes: (dump.outcome === 'success' ? dump.peakBytes : 0) + analysed.peakRssBytes,
      nodes: analysed.outcome === 'success' ? analysed.nodes : 0,
    },
    result: outcome === 'success' && analysed.outcome === 'success' ? analysed : null,
    cpuSeconds: analysed.cpuSeconds,
    analysisBytes: analysed.peakRssBytes,
  };
}

function summarise(
  dump: DumpOutcome,
  analysed: AnalysisOutcome,
  signal: AbortSignal,
): { outcome: CaptureOutcome; reason: string | null } {
  if (signal.aborted) return { outcome: 'cancelled', reason: 'the watcher was stopped' };
  switch (analysed.outcome) {
    case 'success':
      return dump.outcome === 'success'
        ? { outcome: 'success', reason: null }
        : { outcome: 'dump-failed', reason: dump.reason };
    case 'timeout':
      return { outcome: 'analysis-timeout', reason: analysed.reason };
    case 'failure':
      return (
        dumpFailedFirst(dump) ?? {
          outcome: 'analysis-failed',
          reason: `${analysed.step}: ${analysed.reason}`,
        }
      );
    case 'crashed':
    case 'cancelled':
      return dumpFailedFirst(dump) ?? { outcome: 'analysis-failed', reason: analysed.reason };
  }
}

/** A broken pipe is what a dead analysis process looks like from the dumper's side, so only other reasons are the dumper's own. */
function dumpFailedFirst(dump: DumpOutcome): { outcome: CaptureOutcome; reason: string } | null {
  if (dump.outcome === 'success' || /EPIPE|ECONNRESET|premature close/i.test(dump.reason)) return null;
  return { outcome: 'dump-failed', reason: dump.reason };
}
