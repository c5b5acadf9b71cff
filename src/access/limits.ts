import { createRequire } from 'node:module';
import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { createBuckets, networkOf } from './client-bucket.js';
import { ANYONE, type Principal } from './principal.js';
import type { RouteScope } from './scope.js';

/** Only the store in memory: the whole package loads the clients of every database that it knows, 7 MB instead of 1. */
const MemoryLimiter = createRequire(import.meta.url)(
  'rate-limiter-flexible/lib/RateLimiterMemory.js',
) as typeof RateLimiterMemory;

const WINDOW_SECONDS = 60;
/** Failed requests of one client in a minute; the next one begins a penalty. A person who tries tokens needs fewer. */
export const MAX_FAILURES = 10;
const PENALTY_SECONDS = 60;
const LONGEST_SECONDS = Math.max(WINDOW_SECONDS, PENALTY_SECONDS);
/** At 1.9 MB for all of them. Two clients in one bucket share a penalty, which no valid token notices. */
const CLIENT_BUCKETS = 4_096;
/** More, since two principals in one bucket share its limit: with 50 of them the odds are 1 to 50. At most 30 MB a scope. */
const PRINCIPAL_BUCKETS = 65_536;

/** What a request is charged to: the scope of its route, or `refused` if it reached none. */
export type Charge = RouteScope | 'refused';

/** Requests of one principal in a minute: more than any dashboard or scraper sends, less than a service notices. */
export const REQUESTS_PER_MINUTE: Readonly<Record<Charge, number>> = {
  read: 600,
  metrics: 120,
  act: 30,
  dump: 30,
  profile: 30,
  eval: 60,
  refused: 120,
};

/** The state of one limit after a request was charged to it. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number;
  readonly resetSeconds: number;
}

/**
 * Limits of failed requests, by client, and of admitted requests, by principal. Each limiter has a bounded number of keys, and
 * one unref'd timer a key, which removes it. A client is the address of its connection: `X-Forwarded-For` is never read,
 * since anyone can write it.
 */
export class Limits {
  readonly #failures: RateLimiterMemory;
  readonly #charges: ReadonlyMap<Charge, RateLimiterMemory>;
  readonly #clientBucket = createBuckets(CLIENT_BUCKETS);
  readonly #principalBucket = createBuckets(PRINCIPAL_BUCKETS);

  constructor(
    maxFailures: number = MAX_FAILURES,
    perMinute: Readonly<Record<Charge, number>> = REQUESTS_PER_MINUTE,
  ) {
    this.#failures = new MemoryLimiter({
      points: maxFailures,
      duration: WINDOW_SECONDS,
      blockDuration: PENALTY_SECONDS,
    });
    this.#charges = new Map(
      (Object.keys(perMinute) as Charge[]).map((charge) => [
        charge,
        new MemoryLimiter({ points: perMinute[charge], duration: WINDOW_SECONDS }),
      ]),
    );
  }

  /** Seconds for which this client is penalised; 0 if it is not. Never asked about a request that came with a valid token. */
  async penaltySeconds(address: string | undefined): Promise<number> {
    const state = await this.#failures.get(this.#clientOf(address));
    return state !== null && state.consumedPoints > this.#failures.points ? secondsOf(state) : 0;
  }

  /**
   * Counts a failed request. Returns for how many seconds this client is penalised; 0 if it is not. Further failures do
   * not extend a penalty.
   */
  async failed(address: string | undefined): Promise<number> {
    const state = await charged(this.#failures, this.#clientOf(address));
    return state.consumedPoints > this.#failures.points ? secondsOf(state) : 0;
  }

  /** Charges a request of this principal. Whoever sent no token is counted by address. */
  async charge(principal: Principal, charge: Charge, address: string | undefined): Promise<Allowance> {
    const limiter = this.#charges.get(charge)!;
    const key =
      principal === ANYONE ? `client ${this.#clientOf(address)}` : this.#principalBucket(principal.id);
    const state = await charged(limiter, key);
    return {
      allowed: state.consumedPoints <= limiter.points,
      limit: limiter.points,
      remaining: state.remainingPoints,
      windowSeconds: WINDOW_SECONDS,
      resetSeconds: secondsOf(state),
    };
  }

  #clientOf(address: string | undefined): string {
    return this.#clientBucket(networkOf(address));
  }
}

/** The limiter rejects with its state if the limit is exceeded, and never fails: its store is a map. */
function charged(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes> {
  return limiter.consume(key).catch((state: RateLimiterRes) => state);
}

/** The limiter's timers end a window in time, but it computes the rest by the wall clock, which someone may set. */
function secondsOf({ msBeforeNext }: RateLimiterRes): number {
  return Math.min(Math.max(1, Math.ceil(msBeforeNext / 1000)), LONGEST_SECONDS);
}
