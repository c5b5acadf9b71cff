import type { Clock, Timer } from '../runtime/clock.js';

/** Lines at once, then one a minute: under a permanent attack about 150 MB a year, which the log's own limits bound. */
const MAX_LINES = 10;
const REFILL_MS = 60_000;
/** Clients that were named a short while ago; further ones are only counted. */
const MAX_KNOWN = 256;

/** A request that was refused for lack of proof or of a scope. */
export interface AccessFailure {
  /** Address; null for a Unix socket. */
  readonly client: string | null;
  /** Id of the principal; null without proof. */
  readonly principal: string | null;
  /** A code such as `token`, `no-token`, `scope`. */
  readonly cause: string;
  readonly method: string;
}

/**
 * Decides which failures get a line, so that an attacker can fill neither the disk nor the memory. The first failure of
 * a client gets its own; the others are counted in lines of at most one a minute.
 */
export class SampledFailures {
  readonly #clock: Clock;
  readonly #write: (failures: Readonly<Record<string, unknown>>) => void;
  #known = new Set<string>();
  #lines = MAX_LINES;
  #counted = 0;
  #latest: AccessFailure | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock, write: (failures: Readonly<Record<string, unknown>>) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** `client` names the network that one client chooses its addresses from. */
  add(failure: AccessFailure, client: string): void {
    const key = `${client} ${failure.principal}`;
    const isNew = !this.#known.has(key) && this.#known.size < MAX_KNOWN;
    this.#timer ??= this.#clock.after(REFILL_MS, () => this.#refill());
    if (isNew && this.#lines > 1) {
      this.#known.add(key);
      this.#lines -= 1;
      this.#write({ ...failure, count: 1 });
      return;
    }
    this.#counted += 1;
    this.#latest = failure;
  }

  /** Writes what was only counted so far. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#flush();
  }

  #refill(): void {
    this.#timer = null;
    this.#lines = Math.min(MAX_LINES, this.#lines + 1);
    if (this.#counted > 0) {
      this.#lines -= 1;
      this.#flush();
    }
    // Until everything is as at the start, so that a client that returns after a quiet time is named again.
    if (this.#lines < MAX_LINES) this.#timer = this.#clock.after(REFILL_MS, () => this.#refill());
    else this.#known = new Set();
  }

  #flush(): void {
    if (this.#counted === 0) return;
    this.#write({ ...this.#latest, count: this.#counted });
    this.#counted = 0;
    this.#latest = null;
  }
}
