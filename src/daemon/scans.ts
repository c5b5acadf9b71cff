import type { CaptureRecord } from '../capture/capture-record.js';
import { isOpen } from '../findings/ledger-finding.js';
import type { OperationControl, OperationError, OperationResult } from '../operations/operation.js';
import type { ResolvedOptions } from '../options/options.js';
import { pauseOrAborted } from '../runtime/abort.js';
import { say } from '../runtime/say.js';
import type { SkipReason } from '../trigger/capture-decision.js';
import { scanText } from '../wording/scan-text.js';
import { stateDetail } from '../wording/state-text.js';
import type { CaptureControl } from './capture-control.js';
import type { Demanded } from './capture-demand.js';
import type { DaemonParts } from './daemon-parts.js';
import type { FindingDesk } from './finding-desk.js';
import type { LiveHeap } from './live-heap.js';
import { publishedCapture } from './report-input.js';

/** Between two scans, at least. */
const COOL_DOWN_MS = 30_000;
/** Captures on demand have no budget of CPU. What one scan took is waited off: scans take at most a fifth of one core. */
const CPU_SHARE = 0.2;
/** How long a capture and its analysis take, before one was measured. */
const GUESSED_MS = 5_000;

export interface ScanInput {
  /** Graphs to capture, 1 or more. */
  readonly captures: number;
  /** From the end of one capture to the beginning of the next. */
  readonly spacingSeconds: number;
}

/** Captures and judges the heap when a client asks for it. At most one runs at a time: see `Operations`. */
export class Scans {
  readonly #rules: ResolvedOptions['rules'];
  readonly #parts: Pick<DaemonParts, 'clock'>;
  readonly #heap: LiveHeap;
  readonly #desk: FindingDesk;
  readonly #captures: CaptureControl;
  /** Of the latest capture. */
  #durationMs = GUESSED_MS;
  #cpuSeconds = 0;

  constructor(
    { rules }: Pick<ResolvedOptions, 'rules'>,
    parts: Pick<DaemonParts, 'clock'>,
    heap: LiveHeap,
    desk: FindingDesk,
    captures: CaptureControl,
  ) {
    this.#rules = rules;
    this.#parts = parts;
    this.#heap = heap;
    this.#desk = desk;
    this.#captures = captures;
  }

  /** Why none can begin now; null: one can. */
  refusal(): { readonly cause: SkipReason['code']; readonly detail: string } | null {
    const why = this.#captures.refusal();
    return why === null ? null : { cause: why.code, detail: stateDetail(why) };
  }

  expectedMs({ captures, spacingSeconds }: ScanInput): number {
    return captures * this.#durationMs + (captures - 1) * spacingSeconds * 1000;
  }

  /** After the latest one, milliseconds. */
  get coolDownMs(): number {
    return Math.max(COOL_DOWN_MS, (this.#cpuSeconds * 1000) / CPU_SHARE);
  }

  async run({ captures, spacingSeconds }: ScanInput, control: OperationControl): Promise<OperationResult> {
    const records: CaptureRecord[] = [];
    let graphs = 0;
    let endedBy: SkipReason | null = null;
    this.#cpuSeconds = 0;
    for (let number = 1; number <= captures && endedBy === null; number += 1) {
      if (number > 1) {
        control.progress('waiting', (number - 1) / captures, { number, of: captures });
        await pauseOrAborted(this.#parts.clock, spacingSeconds * 1000, control.signal);
      }
      const demanded = await this.#capture(number, captures, control);
      if (control.signal.aborted) break;
      if (demanded.outcome === 'refused') endedBy = demanded.why;
      if (demanded.outcome !== 'captured') continue;
      const { record, result } = demanded.run;
      records.push(record);
      graphs = result?.snapshots ?? graphs;
    }
    this.#captures.demandsEnded();
    const taken = records.filter(({ outcome }) => outcome === 'success').length;
    if (taken === 0) return { error: failure(endedBy, records.at(-1)) };
    return { value: this.#result({ records, graphs, taken, asked: captures, endedBy }) };
  }

  async #capture(number: number, of: number, { signal, progress }: OperationControl): Promise<Demanded> {
    const round = { number, of };
    progress('capturing', (number - 1) / of, round);
    const dumped = () => progress('analysing', (number - 0.5) / of, round);
    const demanded = await this.#captures.demand({ signal, dumped });
    const run = 'run' in demanded ? demanded.run : null;
    if (run !== null) {
      this.#durationMs = run.record.durationMs;
      this.#cpuSeconds += run.record.cpuSeconds + run.record.pauseMs / 1000;
    }
    return demanded;
  }

  #result(scan: {
    readonly records: readonly CaptureRecord[];
    readonly graphs: number;
    readonly taken: number;
    readonly asked: number;
    readonly endedBy: SkipReason | null;
  }) {
    const { records, ...seen } = scan;
    const { findings } = this.#desk;
    const warmMs = this.#heap.startedAtMs + this.#rules.warmUpMs;
    const warmingUp = this.#parts.clock.now() < warmMs;
    const summary = scanText({
      ...seen,
      open: findings.filter(isOpen).length,
      warmingUp,
      rules: this.#rules.finding,
    });
    return {
      summary,
      graphs: scan.graphs,
      warmingUp,
      endedBy: scan.endedBy?.code ?? null,
      captures: records.map(publishedCapture),
      findings: findings.map(({ id, status, title }) => ({ id, status, title })),
    };
  }
}

/** Of a scan without a single graph. */
function failure(refused: SkipReason | null, last: CaptureRecord | undefined): OperationError {
  if (refused !== null) return { code: 'LEAKWATCH_ERR_REFUSED', detail: stateDetail(refused) };
  return { code: 'LEAKWATCH_ERR_CAPTURE', detail: last?.reason ?? say`The watcher's log gives the reason.` };
}
