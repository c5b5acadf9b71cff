import type { Asked, Refused } from '../operations/operation.js';
import type { BeginOutcome } from '../operations/operations.js';
import type { Report } from '../report/report.js';

export interface Decided {
  readonly muted?: boolean | undefined;
  readonly acknowledged?: boolean | undefined;
  readonly reason: string;
  /** Id of the principal. */
  readonly by: string;
}

/** A port: what a client can make the watcher do. */
export interface OpsActs {
  scan(
    input: { readonly captures: number; readonly spacingSeconds: number },
    asked: Asked,
  ): BeginOutcome | Refused;
  /** `value`: what JSON can represent. */
  collect():
    | { readonly outcome: 'collected'; readonly value: unknown }
    | { readonly outcome: 'busy'; readonly detail: string; readonly retryAfterMs: number }
    | Refused;
  /** The finding afterwards; null if none has this id. */
  decide(id: string, decided: Decided): Report['findings'][number] | null;
}
