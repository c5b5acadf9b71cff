import { type CaptureLevel, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import { say } from '../runtime/say.js';
import type { CaptureDecision, SkipReason } from '../trigger/capture-decision.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import { codedDetail, stateDetail } from '../wording/state-text.js';
import { skippedCapture } from './capture-records.js';
import type { DaemonParts } from './daemon-parts.js';

/** Records the captures that were due and not taken, and logs those that failed. */
export class CaptureProblems {
  readonly #parts: Pick<DaemonParts, 'dumper' | 'logger' | 'work'>;
  readonly #keep: (record: CaptureRecord) => void;
  #waitsForCpu = false;
  #refusedBefore = false;
  #probesFail = false;

  constructor(parts: Pick<DaemonParts, 'dumper' | 'logger' | 'work'>, keep: (record: CaptureRecord) => void) {
    this.#parts = parts;
    this.#keep = keep;
  }

  skipped(
    { why, refused, trigger }: Extract<CaptureDecision, { decision: 'skip' }>,
    level: CaptureLevel,
    nowMs: number,
  ): void {
    const waitedForCpu = this.#waitsForCpu;
    this.#waitsForCpu = why.code === 'cpu-budget' && !refused;
    if (!refused || trigger === null) {
      // One wait gets one record, however often it is checked.
      if (this.#waitsForCpu && !waitedForCpu) this.record(why, level, 'trend', nowMs);
      return;
    }
    if (!this.#refusedBefore)
      this.#parts.logger.warn(say`a capture was skipped (logged only once): ${stateDetail(why)}`);
    this.#refusedBefore = true;
    this.record(why, level, trigger, nowMs);
  }

  record(why: SkipReason, level: CaptureLevel, trigger: CaptureTrigger, atMs: number): void {
    const dumper = this.#parts.dumper.dumper?.name ?? 'none';
    const reason = codedDetail(why);
    this.#keep(skippedCapture({ atMs, dumper, rung: level, trigger, reason, cause: why.code }));
  }

  /** A cause that makes a probe fail usually makes the next one fail a minute later: it is logged once. */
  failed({ rung: level, outcome, reason }: CaptureRecord): void {
    this.#parts.work.count(outcome === 'dump-failed' ? 'capture' : 'analysis');
    const said = level === 'probe' && this.#probesFail;
    const about = hasGraph(level) ? '' : ` (${level})`;
    const message = say`capture ${outcome}: ${reason ?? ''}${about}`;
    this.#parts.logger[said ? 'debug' : 'warn'](message);
    if (level === 'probe') this.#probesFail = true;
  }

  probeWorked(): void {
    this.#probesFail = false;
  }
}
