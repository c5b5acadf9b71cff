import type { CaptureLevel } from '../capture/capture-record.js';
import type { SkipReason } from '../trigger/capture-decision.js';
import type { CaptureRun } from './capture-run.js';

/** A graph is to be captured now. */
export interface DemandOrder {
  readonly signal: AbortSignal;
  /** Called when the dump has succeeded and its analysis goes on. */
  dumped(): void;
}

export type Demanded =
  /** Not necessarily with success: the record says. */
  | { readonly outcome: 'captured'; readonly run: CaptureRun }
  | { readonly outcome: 'refused'; readonly why: SkipReason }
  /** `run`: the capture that was ended for it; null without one. */
  | { readonly outcome: 'cancelled'; readonly run: CaptureRun | null }
  | { readonly outcome: 'failed' };

/** At most one runs at a time. */
export interface RunningCapture {
  readonly level: CaptureLevel;
  /** Null if the watcher itself failed. Never rejects. */
  readonly ended: Promise<CaptureRun | null>;
}
