import type { Finding } from '../findings/finding.js';

/** How many findings are followed; the oldest one is forgotten beyond, and counts as opened again when it changes. */
const FOLLOWED_LIMIT = 1024;

/** Finds the changes that open or resolve a finding: its status changes more often than that. */
export class OpenFindings {
  readonly #ids: Set<string>;

  /** `known`: findings from before; those that are still open are not opened again. */
  constructor(known: readonly Finding[]) {
    this.#ids = new Set(known.filter(({ status }) => status !== 'resolved').map(({ id }) => id));
  }

  /** Null: neither, it was open and still is, or was resolved and still is. */
  change({ id, status }: Finding): 'opened' | 'resolved' | null {
    if (status === 'resolved') return this.#ids.delete(id) ? 'resolved' : null;
    if (this.#ids.has(id)) return null;
    this.#ids.add(id);
    if (this.#ids.size > FOLLOWED_LIMIT) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    return 'opened';
  }
}
