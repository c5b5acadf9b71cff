import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { Decision, FindingStatus } from './finding.js';
import { isWorse } from './ledger-finding.js';

/** Findings muted at most; beyond that, the one muted first is no longer muted. */
export const MAX_MUTED = 200;
/** Findings acknowledged at most, as many as there are findings; beyond that, the first acknowledgement ends. */
export const MAX_ACKNOWLEDGED = 50;

/** Somebody takes care of the finding as it was then. */
export interface Acknowledgement extends Decision {
  readonly status: FindingStatus;
}

export interface StoredDecisions {
  /** In the order in which they were muted. */
  readonly muted: readonly Fingerprint[];
  /** Why, of those of which that is known. */
  readonly muting: ReadonlyMap<Fingerprint, Decision>;
  readonly acknowledged: ReadonlyMap<Fingerprint, Acknowledgement>;
}

/** What people decided about findings, whether these are known yet or not. */
export class Decisions {
  /** In the order in which they were decided. Null: nothing is known of who muted it. */
  readonly #muted: Map<Fingerprint, Decision | null>;
  readonly #acknowledged: Map<Fingerprint, Acknowledgement>;

  constructor(stored: StoredDecisions | null) {
    const { muted = [], muting, acknowledged = [] } = stored ?? {};
    this.#muted = new Map(muted.slice(-MAX_MUTED).map((id) => [id, muting?.get(id) ?? null]));
    this.#acknowledged = new Map([...acknowledged].slice(-MAX_ACKNOWLEDGED));
  }

  toStore(): StoredDecisions {
    const muting = [...this.#muted].flatMap(([id, decision]) =>
      decision === null ? [] : [[id, decision] as const],
    );
    return { muted: [...this.#muted.keys()], muting: new Map(muting), acknowledged: this.#acknowledged };
  }

  mute(id: Fingerprint, decision: Decision | null): void {
    this.#muted.set(id, decision);
    dropFirst(this.#muted, MAX_MUTED);
  }

  /** False if it was not muted. */
  unmute(id: Fingerprint): boolean {
    return this.#muted.delete(id);
  }

  acknowledge(id: Fingerprint, acknowledgement: Acknowledgement): void {
    this.#acknowledged.delete(id);
    this.#acknowledged.set(id, acknowledgement);
    dropFirst(this.#acknowledged, MAX_ACKNOWLEDGED);
  }

  /** False if it was not acknowledged. */
  withdrawAcknowledgement(id: Fingerprint): boolean {
    return this.#acknowledged.delete(id);
  }

  /** What a finding says of the decisions about it. */
  about(id: Fingerprint): {
    readonly muted: boolean;
    readonly muting: Decision | null;
    readonly acknowledgement: Decision | null;
  } {
    const acknowledged = this.#acknowledged.get(id);
    return {
      muted: this.#muted.has(id),
      muting: this.#muted.get(id) ?? null,
      acknowledgement:
        acknowledged === undefined
          ? null
          : { at: acknowledged.at, by: acknowledged.by, reason: acknowledged.reason },
    };
  }

  /**
   * Whether people are to hear of this change. An acknowledgement is for what was known then: it ends when the finding
   * becomes worse than that, or is over.
   */
  announces({ id, status }: { readonly id: Fingerprint; readonly status: FindingStatus }): boolean {
    const acknowledged = this.#acknowledged.get(id);
    if (acknowledged !== undefined) {
      if (status !== 'resolved' && !isWorse(status, acknowledged.status)) return false;
      this.#acknowledged.delete(id);
    }
    return !this.#muted.has(id);
  }
}

function dropFirst<K>(map: Map<K, unknown>, most: number): void {
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
}
