import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { LedgerFinding } from './ledger-finding.js';

/** Findings muted at most; the one muted first is heard again beyond. */
export const MAX_MUTED = 200;

/** Findings that stay in the report while nobody is called for them. */
export class MutedFindings {
  readonly #ids: Set<Fingerprint>;

  constructor(ids: readonly Fingerprint[]) {
    this.#ids = new Set(ids.slice(-MAX_MUTED));
  }

  /** In the order in which they were muted. */
  get ids(): readonly Fingerprint[] {
    return [...this.#ids];
  }

  has(id: Fingerprint): boolean {
    return this.#ids.has(id);
  }

  add(id: Fingerprint): void {
    this.#ids.add(id);
    const [first] = this.#ids;
    if (this.#ids.size > MAX_MUTED && first !== undefined) this.#ids.delete(first);
  }

  remove(id: Fingerprint): boolean {
    return this.#ids.delete(id);
  }

  mark(finding: LedgerFinding): LedgerFinding {
    return this.#ids.has(finding.id) ? { ...finding, muted: true } : finding;
  }
}
