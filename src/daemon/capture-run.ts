import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { AnalysisHandle, AnalysisOutcome, StartAnalysis } from '../analysis/analysis-client.js';
import {
  type CaptureLevel,
  type CaptureOutcome,
  type CaptureRecord,
  hasGraph,
} from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { DumpOutcome, DumpSuccess, HeapDumper, SnapshotReceiver } from '../capture/heap-dumper.js';
import type { AnalysisResult } from '../heap/analysis.js';
import type { RawSite } from '../heap/sources/code-place.js';
import { terminalText } from '../report/terminal-text.js';
import type { Clock } from '../runtime/clock.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';

export type AnalysisSuccess = Extract<AnalysisResult, { outcome: 'success' }>;

/** A crashed process's last words are the longest reasons. */
const MAX_REASON = 500;

export interface CaptureRun {
  readonly record: CaptureRecord;
  /** Null unless the record's outcome is `success` and its level has a graph. */
  readonly result: AnalysisSuccess | null;
  /** Of the level `census`. */
  readonly census: readonly ClassCount[] | null;
  /** The most memory the analysis process held, bytes; 0 when it could not tell, or there was none. */
  readonly analysisBytes: number;
  /** CPU of the analysis process, seconds. */
  readonly analysisCpuSeconds: number;
}

export interface CaptureRunOptions {
  readonly dumper: HeapDumper;
  readonly startAnalysis: StartAnalysis;
  readonly clock: Clock;
  readonly level: CaptureLevel;
  readonly trigger: CaptureTrigger;
  /** See `CaptureOrder`. */
  readonly heapBytes: number;
  readonly besideBytes: number;
  readonly niceness: number;
  readonly previous: Uint8Array | null;
  /** Asked for when the analysis starts: where memory that survives is allocated, most growth first. */
  readonly sites?: () => readonly RawSite[];
  /** For the dump, and again for the analysis. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** See `CaptureOrder`. */
  paused(fromMs: number, toMs: number): void;
  /** Called when the heap was seen, before the analysis ends. */
  dumped(dump: DumpSuccess): void;
}

/** One capture from dump to result. Never rejects: whatever goes wrong costs this capture only and stands in its record. */
export async function runCapture(options: CaptureRunOptions): Promise<CaptureRun> {
  const { clock, dumper, level } = options;
  const atMs = clock.now();
  const fromMs = clock.monotonicMs();
  const receiver = new AnalysisReceiver(options, atMs);
  const { heapBytes, besideBytes, niceness, timeoutMs, signal, paused } = options;
  const order = { level, receiver, heapBytes, besideBytes, niceness, timeoutMs, signal, paused };
  const dump = await dumper.dump(order);
  if (dump.outcome === 'success') options.dumped(dump);
  else receiver.analysis?.kill();
  const analysed = (await receiver.analysis?.result) ?? null;
  const { outcome, reason } = summarise(dump, analysed, level, options.signal);
  const analysisCpuSeconds = analysed?.cpuSeconds ?? 0;
  return {
    record: {
      id: `capture-${randomBytes(6).toString('hex')}`,
      atMs,
      dumper: dumper.name,
      rung: level,
      trigger: options.trigger,
      outcome,
      reason: reason === null ? null : terminalText(reason, MAX_REASON),
      pauseMs: dump.pauseMs,
      durationMs: clock.monotonicMs() - fromMs,
      analysisMs: analysed !== null && 'elapsedMs' in analysed ? analysed.elapsedMs : 0,
      cpuSeconds: dump.cpuSeconds + analysisCpuSeconds,
      peakBytes: dump.peakBytes + (analysed?.peakRssBytes ?? 0),
      nodes: analysed?.outcome === 'success' ? analysed.nodes : 0,
      retries: dump.retries,
    },
    result: outcome === 'success' && analysed?.outcome === 'success' ? analysed : null,
    census: dump.outcome === 'success' ? dump.census : null,
    analysisBytes: analysed?.peakRssBytes ?? 0,
    analysisCpuSeconds,
  };
}

/** Starts the analysis when the snapshot is on its way, so that it holds no memory while the dumper needs most. */
class AnalysisReceiver implements SnapshotReceiver {
  readonly #options: CaptureRunOptions;
  readonly #atMs: number;
  analysis: AnalysisHandle | null = null;

  constructor(options: CaptureRunOptions, atMs: number) {
    this.#options = options;
    this.#atMs = atMs;
  }

  stream(): Writable {
    return this.#start(null).sink;
  }

  pipe(readFd: number): void {
    this.#start(readFd);
  }

  #start(snapshotFd: number | null): AnalysisHandle {
    const { previous, sites, niceness, timeoutMs, signal } = this.#options;
    this.analysis = this.#options.startAnalysis({
      previous,
      capturedAtMs: this.#atMs,
      sites: sites?.() ?? [],
      niceness,
      timeoutMs,
      signal,
      snapshotFd,
    });
    return this.analysis;
  }
}

function summarise(
  dump: DumpOutcome,
  analysed: AnalysisOutcome | null,
  level: CaptureLevel,
  signal: AbortSignal,
): { outcome: CaptureOutcome; reason: string | null } {
  if (signal.aborted) return { outcome: 'cancelled', reason: 'the watcher was stopped' };
  if (analysed === null) {
    if (dump.outcome === 'failure') return { outcome: 'dump-failed', reason: dump.reason };
    return hasGraph(level)
      ? { outcome: 'dump-failed', reason: 'no snapshot was written' }
      : { outcome: 'success', reason: null };
  }
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
