import { LeakwatchError } from '../errors.js';
import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import { FileWatch } from '../runtime/file-watch.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { Authenticator } from './authenticator.js';
import { type AuthorizeHook, HookProver } from './authorize-hook.js';
import { type CertificateClient, CertificateClients } from './client-certificate.js';
import { JwtProver } from './jwt.js';
import type { JwtSettings } from './jwt-settings.js';
import type { TokenGrant } from './token-grant.js';
import { type TokenStatus, TokenStore } from './token-store.js';

/** Every credential that is configured. */
export interface AccessSettings {
  readonly tokens: readonly TokenGrant[];
  readonly tokenFile: string | null;
  /** All tokens again, with the present content of the token file. Throws a `LeakwatchError`. */
  readonly readTokens: () => readonly TokenGrant[];
  readonly authorize: AuthorizeHook | null;
  readonly jwt: JwtSettings | null;
  /** Clients of the own listener. */
  readonly clients: readonly CertificateClient[];
}

interface AccessStatus {
  readonly tokens: readonly TokenStatus[];
  /** Null without one. */
  readonly tokenFile: {
    readonly readings: number;
    readonly errors: number;
    readonly lastError: string | null;
  } | null;
  readonly authorize: boolean;
  readonly jwt: boolean;
  readonly clients: number;
}

export const NO_ACCESS: AccessSettings = {
  tokens: [],
  tokenFile: null,
  readTokens: () => [],
  authorize: null,
  jwt: null,
  clients: [],
};

/** How often expiries are looked at. */
const EXPIRY_MS = 60_000;
/** How often a token file that cannot be used is named again. */
const REMINDER_MS = 3_600_000;

/** Who may use the endpoint: builds the authenticators and keeps their tokens up to date. */
export class AccessControl {
  /** For the router in the host's app. */
  readonly host: Authenticator;
  /** For the own listener, which alone knows its clients' certificates. */
  readonly listener: Authenticator;
  readonly #settings: AccessSettings;
  readonly #tokens: TokenStore;
  readonly #jwt: JwtProver | null;
  readonly #logger: Logger;
  readonly #watch: FileWatch;
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #readings = 0;
  #errors = 0;
  #lastError: string | null = null;
  #nextReminderMs = 0;
  #hadTokens = true;

  constructor(settings: AccessSettings, logger: Logger, clock: Clock = systemClock) {
    const { tokens, tokenFile, authorize, jwt, clients } = settings;
    this.#settings = settings;
    this.#logger = logger;
    this.#clock = clock;
    this.#tokens = new TokenStore(tokens, logger, clock);
    this.#jwt = jwt === null ? null : new JwtProver(jwt, logger, clock);
    const provers = [
      ...(this.#jwt === null ? [] : [this.#jwt]),
      ...(authorize === null ? [] : [new HookProver(authorize, logger, clock)]),
    ];
    this.host = new Authenticator(this.#tokens, provers, null, clock);
    this.listener = new Authenticator(
      this.#tokens,
      provers,
      clients.length === 0 ? null : new CertificateClients(clients),
      clock,
    );
    this.#watch = new FileWatch(tokenFile === null ? [] : [tokenFile], () => this.#reload(), clock);
  }

  /** Rejects with a `LeakwatchError` if what is configured needs a package that is not installed. */
  async load(): Promise<void> {
    await this.#jwt?.load();
  }

  start(): void {
    this.#look();
    if (this.#settings.tokenFile !== null) this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
    this.#timer?.cancel();
  }

  /** For `/ops/status`: names, never digests. */
  status(): AccessStatus {
    const { tokenFile, authorize, jwt, clients } = this.#settings;
    const file = { readings: this.#readings, errors: this.#errors, lastError: this.#lastError };
    return {
      tokens: this.#tokens.status(),
      tokenFile: tokenFile === null ? null : file,
      authorize: authorize !== null,
      jwt: jwt !== null,
      clients: clients.length,
    };
  }

  #look(): void {
    this.#tokens.logExpiries();
    this.#timer = this.#clock.after(EXPIRY_MS, () => this.#look());
  }

  /** A file that cannot be used leaves the tokens as they are: a slip of the hand must not lock everyone out. */
  #reload(): boolean {
    try {
      const changes = this.#tokens.replace(this.#settings.readTokens());
      if (this.#tokens.size === 0 && this.#hadTokens)
        this.#logger.warn(say`the token file is empty: no token is valid any more`);
      else if (changes !== null) this.#logger.info(say`the token file was read again: ${changes}`);
      this.#hadTokens = this.#tokens.size > 0;
      this.#readings += 1;
      this.#lastError = null;
      return true;
    } catch (error) {
      const reason = error instanceof LeakwatchError ? error.message : String(error);
      this.#errors += 1;
      const nowMs = this.#clock.monotonicMs();
      if (reason !== this.#lastError || nowMs >= this.#nextReminderMs) {
        this.#nextReminderMs = nowMs + REMINDER_MS;
        this.#logger.warn(say`the tokens stay as they are, because the token file cannot be used: ${reason}`);
      }
      this.#lastError = reason;
      return false;
    }
  }
}
