import { type CaptureLevel, hasGraph } from '../capture/capture-record.js';
import type { HeapDumper } from '../capture/heap-dumper.js';
import { MIB } from '../runtime/units.js';
import type { PredictedCapture } from '../trigger/capture-decision.js';
import { CpuBudget } from '../trigger/cpu-budget.js';
import type { CaptureRun } from './capture-run.js';

/** Probes have this part of the CPU budget to themselves. */
export const PROBE_SHARE_OF_BUDGET = 0.25;
/** Memory of an analysis process that has read nothing yet, bytes, not counting what it shares with the service. */
const GUESSED_ANALYSIS_BYTES = 48 * MIB;
/** Memory of an analysis process that reads a small snapshot, bytes, including what it shares. */
const EMPTY_ANALYSIS_BYTES = 80 * MIB;
/** CPU to start one and to read a small snapshot. */
const EMPTY_ANALYSIS_SECONDS = 1;
/** First guesses per byte of heap. A sampled snapshot has some megabytes, whatever the size of the heap. */
const SAMPLED: AnalysisCost = { bytes: 0.1, cpuSeconds: 0 };
const FULL: AnalysisCost = { bytes: 1, cpuSeconds: 0.05 / MIB };

interface AnalysisCost {
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/**
 * What captures are expected to cost, dumper and analysis process together, and what they have cost so far.
 *
 * Probes have a separate budget. The first capture in an hour without others may cost any amount (`CpuBudget`), and if
 * probes counted, no hour would be without others. And an expensive capture, which is paid off over hours, must not leave
 * the trend without points. Spacing keeps probes within their share (`CaptureLadder.probeDue`).
 */
export class CaptureCost {
  readonly #dumper: HeapDumper | null;
  readonly #budget: CpuBudget;
  /** The most that an analysis took per byte of heap. */
  readonly #analysis: Record<'sampled' | 'full', AnalysisCost> = { sampled: SAMPLED, full: FULL };

  /** `coreShare`: part of one core, averaged over an hour. */
  constructor(dumper: HeapDumper | null, coreShare: number) {
    this.#dumper = dumper;
    this.#budget = new CpuBudget(coreShare * (1 - PROBE_SHARE_OF_BUDGET));
  }

  /**
   * Null without a dumper. `buffersBytes`: of the service while the child lives. Each page that it writes to is copied
   * then, and for its buffers that may be all pages at once.
   */
  predict(level: CaptureLevel, heapBytes: number, buffersBytes: number): PredictedCapture | null {
    if (this.#dumper === null) return null;
    const dump = this.#dumper.predict(level, heapBytes);
    const { bytes, cpuSeconds } = this.#ofAnalysis(level, heapBytes);
    return { ...dump, concurrentBytes: bytes + buffersBytes, cpuSeconds: dump.cpuSeconds + cpuSeconds };
  }

  /** Decides whether there is CPU time for it. */
  budgetFor(level: CaptureLevel): Pick<CpuBudget, 'shortage'> {
    return level === 'probe' ? { shortage: () => null } : this.#budget;
  }

  /** Captures on demand do not count against the budget. */
  record({ record, analysisBytes, analysisCpuSeconds }: CaptureRun, heapBytes: number, nowMs: number): void {
    const { rung: level, trigger, cpuSeconds, pauseMs } = record;
    if (level !== 'probe' && trigger !== 'demand') this.#budget.record(nowMs, cpuSeconds + pauseMs / 1000);
    if (!hasGraph(level) || heapBytes <= 0) return;
    const known = this.#analysis[level];
    this.#analysis[level] = {
      bytes: Math.max(known.bytes, (analysisBytes - EMPTY_ANALYSIS_BYTES) / heapBytes),
      cpuSeconds: Math.max(known.cpuSeconds, (analysisCpuSeconds - EMPTY_ANALYSIS_SECONDS) / heapBytes),
    };
  }

  #ofAnalysis(level: CaptureLevel, heapBytes: number): AnalysisCost {
    if (!hasGraph(level)) return { bytes: 0, cpuSeconds: 0 };
    const { bytes, cpuSeconds } = this.#analysis[level];
    return {
      bytes: GUESSED_ANALYSIS_BYTES + heapBytes * bytes,
      cpuSeconds: EMPTY_ANALYSIS_SECONDS + heapBytes * cpuSeconds,
    };
  }
}
