import { randomBytes } from 'node:crypto';
import type {
  AnalysisHandle,
  AnalysisOutcome,
  AnalysisSuccess,
  StartAnalysis,
} from '../analysis/analysis-outcome.js';
import {
  type CaptureLevel,
  type CaptureOutcome,
  type CaptureRecord,
  hasGraph,
} from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { DumpFailure } from '../capture/dump-failure.js';
import type { GraphSource } from '../capture/graph-source.js';
import type {
  CaptureOrder,
  DumpOutcome,
  DumpSuccess,
  HeapDumper,
  SnapshotReceiver,
} from '../capture/heap-dumper.js';
import type { RawSite } from '../heap/sources/code-place.js';
import { terminalText } from '../report/terminal-text.js';
import type { Clock } from '../runtime/clock.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import { analysisFailureText, dumpFailureText, nativeRefusalText } from '../wording/capture-text.js';

/** Characters; the stderr of a crashed process makes the longest reasons. */
const MAX_REASON = 500;

export interface CaptureRun {
  readonly record: CaptureRecord;
  /** Null unless the record's outcome is `success` and its level has a graph. */
  readonly result: AnalysisSuccess | null;
  /** Of a census. */
  readonly census: readonly ClassCount[] | null;
  /** The most memory the analysis process held, bytes; 0 when unknown, or there was none. */
  readonly analysisBytes: number;
  /** CPU of the analysis process, seconds. */
  readonly analysisCpuSeconds: number;
}

export interface CaptureRunOptions extends Omit<CaptureOrder, 'receiver'> {
  readonly dumper: HeapDumper;
  readonly startAnalysis: StartAnalysis;
  readonly clock: Clock;
  readonly trigger: CaptureTrigger;
  readonly previous: Uint8Array | null;
  /** How far the wall clock was set since the previous capture, milliseconds; default 0. */
  readonly clockStepMs?: number;
  /** Called when the analysis starts: where memory that survives is allocated, most growth first. */
  readonly sites?: () => readonly RawSite[];
  /** For the dump, and again for the analysis. */
  readonly timeoutMs: number;
  /** Called when the dump has succeeded, before the analysis ends. */
  dumped(dump: DumpSuccess): void;
}

/** One capture from dump to result. Never rejects: a failure ends only this capture, and its record gives the reason. */
export async function runCapture(options: CaptureRunOptions): Promise<CaptureRun> {
  const { clock, dumper, level } = options;
  const atMs = clock.now();
  const fromMs = clock.monotonicMs();
  const receiver = analysisReceiver(options, atMs);
  const dump = await dumper.dump({ ...options, receiver });
  if (dump.outcome === 'success') options.dumped(dump);
  else receiver.analysis?.kill();
  const analysed = (await receiver.analysis?.result) ?? null;
  const { outcome, reason, cause } = summarise(dump, analysed, level, options.signal);
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
      cause,
      pauseMs: dump.pauseMs,
      durationMs: clock.monotonicMs() - fromMs,
      analysisMs: analysed !== null && 'elapsedMs' in analysed ? analysed.elapsedMs : 0,
      cpuSeconds: dump.cpuSeconds + analysisCpuSeconds,
      peakBytes: dump.peakBytes + (analysed?.peakRssBytes ?? 0),
      nodes: analysed?.outcome === 'success' ? analysed.nodes : 0,
      retries: dump.retries,
      ...writerOf(dump.graph),
    },
    result: outcome === 'success' && analysed?.outcome === 'success' ? analysed : null,
    census: dump.outcome === 'success' ? dump.census : null,
    analysisBytes: analysed?.peakRssBytes ?? 0,
    analysisCpuSeconds,
  };
}

function writerOf(graph: GraphSource | null): Pick<CaptureRecord, 'writer' | 'roots' | 'writerReason'> {
  if (graph === null) return { writer: null, roots: null, writerReason: null };
  if (graph.writer === 'native') return { writer: 'native', roots: graph.roots, writerReason: null };
  return {
    writer: 'v8',
    roots: null,
    writerReason: graph.refusal && terminalText(nativeRefusalText(graph.refusal), MAX_REASON),
  };
}

/** Starts the analysis when the snapshot is on its way, so that it holds no memory while the dumper needs most. */
function analysisReceiver(options: CaptureRunOptions, capturedAtMs: number) {
  const { startAnalysis, previous, clockStepMs = 0, niceness, timeoutMs, signal } = options;
  const start = (snapshotFd: number | null): AnalysisHandle => {
    const sites = options.sites?.() ?? [];
    const order = { previous, clockStepMs, capturedAtMs, sites, niceness, timeoutMs, signal, snapshotFd };
    receiver.analysis = startAnalysis(order);
    return receiver.analysis;
  };
  const receiver: SnapshotReceiver & { analysis: AnalysisHandle | null } = {
    analysis: null,
    stream: () => start(null).sink,
    pipe: (readFd) => void start(readFd),
  };
  return receiver;
}

type Summary = Pick<CaptureRecord, 'outcome' | 'reason' | 'cause'>;

const SUCCESS: Summary = { outcome: 'success', reason: null, cause: null };

function summarise(
  dump: DumpOutcome,
  analysed: AnalysisOutcome | null,
  level: CaptureLevel,
  signal: AbortSignal,
): Summary {
  if (signal.aborted) return dumpFailed('cancelled', { cause: 'stopped' });
  const failedDump =
    dump.outcome === 'failure' ? dumpFailed('dump-failed', dump.failure, dump.retries) : null;
  if (analysed === null) {
    if (failedDump === null && hasGraph(level)) return dumpFailed('dump-failed', { cause: 'no-snapshot' });
    return failedDump ?? SUCCESS;
  }
  if (analysed.outcome === 'success') return failedDump ?? SUCCESS;
  const reason = analysisFailureText(analysed);
  if (analysed.outcome === 'timeout') return { outcome: 'analysis-timeout', reason, cause: analysed.cause };
  // If the analysis process died, the dumper reports that its reader is gone; any other failure is the dumper's own.
  if (failedDump !== null && failedDump.cause !== 'reader-gone') return failedDump;
  const cause = analysed.outcome === 'failure' ? 'step-failed' : analysed.cause;
  return { outcome: 'analysis-failed', reason, cause };
}

function dumpFailed(outcome: CaptureOutcome, failure: DumpFailure, retries = 0): Summary {
  return { outcome, reason: dumpFailureText(failure, retries), cause: failure.cause };
}
