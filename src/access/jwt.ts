import type { IncomingMessage } from 'node:http';
import type { JWTVerifyGetKey } from 'jose';
import { LeakwatchError } from '../errors.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import type { Prover } from './authenticator.js';
import { bearerOf } from './bearer.js';
import type { JwtSettings } from './jwt-settings.js';
import { createKeyFetch, KeysUnavailable } from './key-fetch.js';
import { namedPrincipal, type Proof } from './principal.js';
import { isScope } from './scope.js';
import { seldom } from './seldom.js';
import { Slots } from './slots.js';

/** Asymmetric ones only: no `none`, and no secret that a public key could be taken for. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_SECONDS = 5;
/** A token waits for the keys at most, which are fetched within 5 s. */
const TIMEOUT_MS = 7_000;
/** Checks at the same time; any further request gets 429. */
const MAX_PENDING = 56;
/** More of them for penalised addresses: a flood from there takes no place of others. */
const MAX_PENDING_PENALISED = 8;
const FETCH_MS = 5_000;
const CACHE_MS = 600_000;
/** After this, an unknown key is looked for again, and not before, whoever sends it. */
const COOLDOWN_MS = 30_000;
/** Header, payload and signature in base64url. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type Jose = typeof import('jose');
type Claims = Readonly<Record<string, unknown>>;

/** Finds the key of a token. */
interface Keys {
  /** It may ask the issuer: at most once in a cool-down, whatever clients send. */
  readonly fetched: JWTVerifyGetKey;
  /** It may too, but does not wait while another request asks, so that a flood of made-up tokens takes one place only. */
  readonly impatient: JWTVerifyGetKey;
}

/** Knows clients by JSON Web Tokens of one issuer for one audience. */
export class JwtProver implements Prover {
  readonly #settings: JwtSettings;
  readonly #clock: Clock;
  readonly #warn: (line: string) => void;
  readonly #slots: Slots;
  readonly #penalisedSlots: Slots;
  #verify: ((token: string, isPenalised: boolean) => Promise<Claims>) | null = null;

  constructor(settings: JwtSettings, logger: Logger, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#warn = seldom((line) => logger.warn(line), clock);
    this.#slots = new Slots(MAX_PENDING, TIMEOUT_MS, clock);
    this.#penalisedSlots = new Slots(MAX_PENDING_PENALISED, TIMEOUT_MS, clock);
  }

  /** Loads `jose`. Before that, no JWT is valid. Rejects with a `LeakwatchError` if it is not installed. */
  async load(importJose: () => Promise<Jose> = () => import('jose')): Promise<void> {
    const jose = await importJose().catch((error: unknown) => {
      throw new LeakwatchError(
        'LEAKWATCH_ERR_INVALID_OPTION',
        "The option jwt needs the package jose, which is not installed. Install it with 'npm install jose@6', or remove the option.",
        { cause: error },
      );
    });
    const { issuer, audience } = this.#settings;
    const keys = this.#keysWith(jose);
    this.#verify = async (token, isPenalised) => {
      const { payload } = await jose.jwtVerify(token, isPenalised ? keys.impatient : keys.fetched, {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.#clock.now()),
      });
      return payload;
    };
  }

  async prove(request: IncomingMessage, isPenalised: boolean): Promise<Proof> {
    const token = bearerOf(request);
    const verify = this.#verify;
    if (verify === null || token === null || !JWT.test(token)) return null;
    try {
      const slots = isPenalised ? this.#penalisedSlots : this.#slots;
      const claims = await slots.run(() => verify(token, isPenalised));
      if (claims === 'full') return 'busy';
      return claims === 'late' ? 'keys-unavailable' : this.#principalOf(claims);
    } catch (error) {
      return isKeyOutage(error) ? 'keys-unavailable' : null;
    }
  }

  #principalOf(claims: Claims): Proof {
    const { sub, [this.#settings.scopesClaim]: claimed } = claims;
    if (typeof sub !== 'string' || sub === '') return null;
    const scopes = typeof claimed === 'string' ? claimed.split(' ') : claimed;
    return namedPrincipal('jwt', sub, Array.isArray(scopes) ? scopes.filter(isScope) : []);
  }

  #keysWith(jose: Jose): Keys {
    const { keys } = this.#settings;
    if (!(keys instanceof URL)) {
      const local = jose.createLocalJWKSet(structuredClone(keys) as never);
      return { fetched: local, impatient: local };
    }
    const fetchKeys = createKeyFetch(
      (reason) => this.#warn(say`no JWT is accepted until the issuer's keys can be fetched: ${reason}`),
      this.#clock,
    );
    const fetched = jose.createRemoteJWKSet(keys, {
      timeoutDuration: FETCH_MS,
      cacheMaxAge: CACHE_MS,
      cooldownDuration: COOLDOWN_MS,
      [jose.customFetch]: fetchKeys,
    });
    const impatient: JWTVerifyGetKey = async (header, token) => {
      if (!fetched.reloading) return await fetched(header, token);
      const known = fetched.fresh ? fetched.jwks() : undefined;
      if (known === undefined) throw new KeysUnavailable();
      return await jose
        .createLocalJWKSet(known)(header, token)
        .catch((error: unknown) => {
          throw error instanceof jose.errors.JWKSNoMatchingKey ? new KeysUnavailable() : error;
        });
    };
    return { fetched, impatient };
  }
}

/** Whether it is the issuer's keys that are missing, which says nothing about the token. */
function isKeyOutage(error: unknown): boolean {
  if (error instanceof KeysUnavailable) return true;
  const { code } = error as { code?: unknown };
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JWKS_INVALID';
}
