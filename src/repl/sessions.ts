import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';

/** Each holds a context of its own, about 1 MB. */
const MAX_SESSIONS = 3;
const MAX_COMMANDS = 50;
const IDLE_MS = 10 * 60 * 1000;

export type ReplMode = 'read-only' | 'full';

export interface SessionOrder {
  /** Of the client. Nobody else can use the session that it opens. */
  readonly principal: string;
  /** Whether the client's token has the scope of the mode `full`. */
  readonly mayFull: boolean;
  /** Of the request: the id of the session that it opens, so that the audit log shows which lines belong together. */
  readonly requestId: string;
  /** Absent: opens one, for a reason. */
  readonly session?: string | undefined;
  readonly reason?: string | undefined;
  /** Of a new session. */
  readonly mode?: ReplMode | undefined;
  readonly secondReason?: string | undefined;
  /** The id of the finding that `$it` stands for, from now on. */
  readonly finding?: string | undefined;
}

export interface OpenSession<C> {
  readonly id: string;
  readonly principal: string;
  readonly mode: ReplMode;
  readonly context: C;
  finding: string | null;
  commands: number;
  usedAtMs: number;
}

export type SessionRefusal =
  /** `field`: of the order. */
  | { readonly refused: 'input'; readonly field: string; readonly reason: string }
  | { readonly refused: 'scope' }
  | { readonly refused: 'sessions'; readonly reason: string; readonly retryAfterMs: number };

/** The open sessions, a few at a time. One ends after its last command, or when it was not used for some minutes. */
export class ReplSessions<C> {
  readonly #clock: Clock;
  readonly #mode: ReplMode;
  readonly #createContext: (id: string) => C;
  readonly #open = new Map<string, OpenSession<C>>();

  constructor(clock: Clock, mode: ReplMode, createContext: (id: string) => C) {
    this.#clock = clock;
    this.#mode = mode;
    this.#createContext = createContext;
  }

  /** The session of this order, with one command less; a new one if it names none. */
  use(order: SessionOrder): OpenSession<C> | SessionRefusal {
    const nowMs = this.#clock.monotonicMs();
    for (const { id, usedAtMs } of [...this.#open.values()])
      if (nowMs - usedAtMs >= IDLE_MS) this.#open.delete(id);
    const session = order.session === undefined ? this.#begin(order, nowMs) : this.#find(order);
    if ('refused' in session) return session;
    // A token may have lost the scope since.
    if (session.mode === 'full' && !order.mayFull) return { refused: 'scope' };
    session.usedAtMs = nowMs;
    session.commands += 1;
    if (order.finding !== undefined) session.finding = order.finding;
    if (session.commands >= MAX_COMMANDS) this.#open.delete(session.id);
    return session;
  }

  /** The client is done with it. */
  end(order: SessionOrder): OpenSession<C> | SessionRefusal {
    const session = this.#find(order);
    if (!('refused' in session)) this.#open.delete(session.id);
    return session;
  }

  view({ id, mode, commands }: OpenSession<C>) {
    return { id, mode, commandsLeft: MAX_COMMANDS - commands, idleSeconds: IDLE_MS / 1000 };
  }

  #find({ session: id, principal, mode }: SessionOrder): OpenSession<C> | SessionRefusal {
    const session = this.#open.get(id ?? '');
    if (session === undefined || session.principal !== principal)
      return {
        refused: 'input',
        field: 'session',
        reason: say`is unknown, or ended after ${MAX_COMMANDS} commands or ${IDLE_MS / 60_000} minutes without one: open another one with a reason`,
      };
    if (mode !== undefined && mode !== session.mode)
      return { refused: 'input', field: 'mode', reason: say`is chosen when the session is opened` };
    return session;
  }

  #begin(order: SessionOrder, nowMs: number): OpenSession<C> | SessionRefusal {
    const { principal, requestId, reason, mode = 'read-only', secondReason, mayFull } = order;
    if (mode === 'full' && !mayFull) return { refused: 'scope' };
    if (mode === 'full' && this.#mode !== 'full')
      return {
        refused: 'input',
        field: 'mode',
        reason: say`full is off here: the option repl turns it on, with an acknowledgement in the environment`,
      };
    if (reason === undefined)
      return { refused: 'input', field: 'reason', reason: say`is needed to open a session` };
    if (mode === 'full' && (secondReason === undefined || secondReason === reason))
      return {
        refused: 'input',
        field: 'secondReason',
        reason: say`is needed for the mode full: say why reading is not enough`,
      };
    const full = this.#makeRoom(principal, nowMs);
    if (full !== null) return full;
    const session = {
      id: requestId,
      principal,
      mode,
      context: this.#createContext(requestId),
      finding: null,
      commands: 0,
      usedAtMs: nowMs,
    };
    this.#open.set(session.id, session);
    return session;
  }

  /**
   * A client that opens one more gives up its oldest, otherwise one with several gives up its oldest: the last one of a client
   * is kept.
   */
  #makeRoom(principal: string, nowMs: number): SessionRefusal | null {
    if (this.#open.size < MAX_SESSIONS) return null;
    const oldest = [...this.#open.values()].toSorted((a, b) => a.usedAtMs - b.usedAtMs);
    const several = (id: string) => oldest.filter((session) => session.principal === id).length > 1;
    const given =
      oldest.find((session) => session.principal === principal) ??
      oldest.find((session) => several(session.principal));
    if (given === undefined)
      return {
        refused: 'sessions',
        reason: say`${MAX_SESSIONS} sessions are open, which is the most.`,
        retryAfterMs: oldest[0]!.usedAtMs + IDLE_MS - nowMs,
      };
    this.#open.delete(given.id);
    return null;
  }
}
