import { hash, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { plural } from '../runtime/units.js';
import type { Principal } from './principal.js';
import type { Scope } from './scope.js';
import type { TokenGrant } from './token-grant.js';

export interface TokenStatus {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** ISO 8601; null: never. */
  readonly expires: string | null;
  readonly state: 'valid' | 'expires-soon' | 'expired';
}

/** Enough notice to make a new token on a working day. */
const SOON_MS = 7 * 24 * 3_600_000;

/** The bearer tokens in force. */
export class TokenStore {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #known: readonly { readonly grant: TokenGrant; readonly principal: Principal }[] = [];
  /** Expiries of tokens in force that were logged: each is logged once. */
  #logged: ReadonlySet<string> = new Set();

  constructor(grants: readonly TokenGrant[], logger: Logger, clock: Clock = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#know(grants);
  }

  get size(): number {
    return this.#known.length;
  }

  /** A token that is not among these stops working at once. Returns the ids of those that are new, different or gone, in words; null without any. */
  replace(grants: readonly TokenGrant[]): string | null {
    const before = new Map(this.#known.map(({ grant }) => [grant.id, grant]));
    const after = new Set(grants.map(({ id }) => id));
    const isSame = (one: TokenGrant) => JSON.stringify(one) === JSON.stringify(before.get(one.id));
    const changes = [
      [say`added`, grants.filter(({ id }) => !before.has(id))],
      [say`changed`, grants.filter((grant) => before.has(grant.id) && !isSame(grant))],
      [say`removed`, [...before.values()].filter(({ id }) => !after.has(id))],
    ] as const;
    this.#know(grants);
    const words = changes
      .filter(([, ones]) => ones.length > 0)
      .map(([what, ones]) => `${what} ${ones.map(({ id }) => `'${id}'`).join(', ')}`);
    this.logExpiries();
    return words.length === 0 ? null : say`${plural(grants.length, 'token')}; ${words.join('; ')}`;
  }

  /**
   * Whose token this is; null if it is wrong or has expired. Compares digests of equal length, all of them and in
   * constant time, so that timing reveals nothing about any token.
   */
  principalOf(token: string): Principal | null {
    const digest = hash('sha256', token, 'buffer');
    const found = this.#known.filter(({ grant }) => timingSafeEqual(digest, grant.digest)).at(-1);
    if (found === undefined) return null;
    if (this.#stateOf(found.grant) !== 'expired') return found.principal;
    this.logExpiries();
    return null;
  }

  status(): readonly TokenStatus[] {
    return this.#known.map(({ grant }) => ({
      id: grant.id,
      scopes: grant.scopes,
      expires: dateOf(grant),
      state: this.#stateOf(grant),
    }));
  }

  /** Names each token that has expired, or will within 7 days, once. */
  logExpiries(): void {
    const logged = new Set<string>();
    for (const { grant } of this.#known) {
      if (this.#stateOf(grant) === 'valid') continue;
      const key = `${this.#stateOf(grant)} ${grant.id} ${grant.expiresAtMs}`;
      logged.add(key);
      if (this.#logged.has(key)) continue;
      const [id, date] = [grant.id, dateOf(grant) ?? ''];
      this.#logger.warn(
        this.#stateOf(grant) === 'expired'
          ? say`the token '${id}' expired at ${date} and is refused: replace it with a new one from 'leakwatch token'`
          : say`the token '${id}' expires at ${date}: replace it with a new one from 'leakwatch token'`,
      );
    }
    this.#logged = logged;
  }

  #know(grants: readonly TokenGrant[]): void {
    this.#known = grants.map((grant) => ({
      grant,
      principal: { id: grant.id, provedBy: 'token', scopes: new Set(grant.scopes) },
    }));
  }

  #stateOf({ expiresAtMs }: TokenGrant): TokenStatus['state'] {
    if (expiresAtMs === null) return 'valid';
    const leftMs = expiresAtMs - this.#clock.now();
    return leftMs <= 0 ? 'expired' : leftMs <= SOON_MS ? 'expires-soon' : 'valid';
  }
}

function dateOf({ expiresAtMs }: TokenGrant): string | null {
  return expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
}
