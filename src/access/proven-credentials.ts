import { hash, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.js';

const MAX_CREDENTIALS = 256;
const KEPT_MS = 5 * 60_000;

/**
 * The values of Authorization headers that proved a client lately, so that the failures of others at its address do not count
 * against it. Only digests are kept, under a random key of the process.
 */
export class ProvenCredentials {
  readonly #clock: Clock;
  readonly #key = randomBytes(16).toString('hex');
  /** Digest → until when; the one proven longest ago first. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  has(credential: string): boolean {
    return (this.#untilMs.get(this.#digest(credential)) ?? 0) > this.#clock.monotonicMs();
  }

  add(credential: string): void {
    const digest = this.#digest(credential);
    this.#untilMs.delete(digest);
    this.#untilMs.set(digest, this.#clock.monotonicMs() + KEPT_MS);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > MAX_CREDENTIALS) this.#untilMs.delete(oldest!);
  }

  delete(credential: string): void {
    this.#untilMs.delete(this.#digest(credential));
  }

  #digest(credential: string): string {
    return hash('sha256', this.#key + credential, 'base64url');
  }
}
