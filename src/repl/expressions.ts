import type { CopyJobs } from '../capture/copy-jobs.js';
import type { Finding } from '../findings/finding.js';
import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { formatBytes, tenths } from '../runtime/units.js';
import type { Evaluated, NotRun } from './evaluated.js';
import type { ExposedRoots } from './exposed-roots.js';
import { ExpressionContext, type ExpressionLimits } from './expression-context.js';
import { liveOwner } from './live-owner.js';
import { previewText } from './preview-text.js';
import { Redaction } from './redaction.js';
import {
  type OpenSession,
  type ReplMode,
  ReplSessions,
  type SessionOrder,
  type SessionRefusal,
} from './sessions.js';

/** A heap that is closer to its limit may end the process with any expression. */
const HEADROOM_BYTES = 64e6;
/** A shorter expression delays no one. */
const NOTICEABLE_MS = 20;
/** The service runs at least so many times as long as expressions stopped it. */
const REST = 9;
/** After an expression that had to be ended. */
const LONG_REST = 49;
const MAX_REASON = 300;
/** Characters of a message that are looked at: cut there only, the part of a secret before the cut would be shown. */
const MAX_MESSAGE = 1000;

export interface ExpressionOrder extends SessionOrder {
  readonly expression?: string | undefined;
  /** Ends the session instead. */
  readonly end?: true | undefined;
}

/** The answer to one expression. */
export interface ExpressionAnswer {
  readonly outcome: Evaluated['outcome'];
  /** The value, or what was thrown, cut and redacted; null without one. */
  readonly preview: string | null;
  /** Why there is no value; null if there is one. */
  readonly reason: string | null;
  readonly elapsedMs: number;
  /** What `$it` stood for; null if the expression does not name it. */
  readonly it: {
    readonly finding: string | null;
    readonly via: string | null;
    readonly reason: string | null;
  } | null;
  readonly session: {
    readonly id: string;
    readonly mode: ReplMode;
    readonly commandsLeft: number;
    /** The session ends if it is not used for so long, seconds. */
    readonly idleSeconds: number;
  };
}

export type ExpressionOutcome =
  | { readonly answer: ExpressionAnswer }
  | SessionRefusal
  | { readonly refused: 'busy' | 'unsafe'; readonly reason: string; readonly retryAfterMs: number };

export interface ExpressionsParts {
  readonly clock: Clock;
  readonly roots: ExposedRoots;
  /** The most that a session may do. */
  readonly mode: ReplMode;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits?: ExpressionLimits;
  /** Where expressions of the mode `read-only` run. */
  readonly copies: CopyJobs;
  /** How much the heap can still grow, bytes. */
  headroomBytes(): number;
  /** Worst first. */
  findings(): readonly Finding[];
}

/** Expressions in sessions: one at a time, with a rest after each that was noticed. Those that only read run in a copy of the service. */
export class Expressions {
  readonly #parts: ExpressionsParts;
  readonly #sessions: ReplSessions<ExpressionContext>;
  #running = false;
  #rest = { untilMs: Number.NEGATIVE_INFINITY, reason: '' };

  constructor(parts: ExpressionsParts) {
    this.#parts = parts;
    this.#sessions = new ReplSessions(
      parts.clock,
      parts.mode,
      (id) => new ExpressionContext(`leakwatch-${id}`, parts.roots, parts.copies, parts.limits),
    );
  }

  async evaluate(order: ExpressionOrder): Promise<ExpressionOutcome> {
    const { expression, end } = order;
    if (end === true) return this.#end(order);
    if (expression === undefined) return { refused: 'input', field: 'expression', reason: say`is needed` };
    const refusal = this.#refusal();
    if (refusal !== null) return refusal;
    const session = this.#sessions.use(order);
    if ('refused' in session) return session;
    this.#running = true;
    try {
      return await this.#run(session, expression);
    } finally {
      this.#running = false;
    }
  }

  #end(order: ExpressionOrder): ExpressionOutcome {
    if (order.expression !== undefined)
      return { refused: 'input', field: 'end', reason: say`takes no expression` };
    const session = this.#sessions.end(order);
    if ('refused' in session) return session;
    const answer = { outcome: 'done', preview: null, reason: null, elapsedMs: 0, it: null } as const;
    return { answer: { ...answer, session: { ...this.#sessions.view(session), commandsLeft: 0 } } };
  }

  #refusal(): ExpressionOutcome | null {
    const restMs = this.#rest.untilMs - this.#parts.clock.monotonicMs();
    if (this.#running)
      return { refused: 'busy', reason: say`Another expression is running.`, retryAfterMs: 1000 };
    if (restMs > 0) return { refused: 'busy', reason: this.#rest.reason, retryAfterMs: restMs };
    const headroomBytes = this.#parts.headroomBytes();
    if (headroomBytes >= HEADROOM_BYTES) return null;
    return {
      refused: 'unsafe',
      reason: say`The heap is ${formatBytes(headroomBytes)} below its limit; an expression needs ${formatBytes(HEADROOM_BYTES)}.`,
      retryAfterMs: 60_000,
    };
  }

  async #run(session: OpenSession<ExpressionContext>, expression: string): Promise<ExpressionOutcome> {
    const { clock, environment } = this.#parts;
    const { value, answer } = expression.includes('$it') ? this.#it(session.finding) : NO_IT;
    const fromMs = clock.monotonicMs();
    let forkedMs = 0;
    const evaluating = session.context.evaluate(expression, session.mode, value, (ms) => {
      forkedMs += ms;
    });
    // It runs at once until it first waits: for its copy of the service, or for what it awaits. Then it stops nobody.
    const startedMs = clock.monotonicMs() - fromMs;
    const evaluated = await evaluating;
    if ('notRun' in evaluated)
      return {
        refused: evaluated.notRun,
        reason: evaluated.reason,
        retryAfterMs: NOT_RUN_RETRY_MS[evaluated.notRun],
      };
    const toMs = clock.monotonicMs();
    const elapsedMs = tenths(toMs - fromMs);
    const stoppedMs = startedMs + forkedMs;
    if (evaluated.outcome === 'timeout') {
      // In the service it stopped everything; a copy only took one core.
      const isFull = session.mode === 'full';
      this.#rest = {
        untilMs: toMs + elapsedMs * (isFull ? LONG_REST : REST),
        reason: isFull ? STOPPED : RAN_LONG,
      };
    } else if (stoppedMs > NOTICEABLE_MS) this.#rest = { untilMs: toMs + stoppedMs * REST, reason: STOPPED };
    const redaction = new Redaction(environment);
    const shown =
      'preview' in evaluated
        ? previewText(evaluated.preview, redaction, redaction.isSecretName(expression))
        : null;
    return {
      answer: {
        outcome: evaluated.outcome,
        preview: shown,
        reason: reasonOf(evaluated, redaction),
        elapsedMs,
        it: answer,
        session: this.#sessions.view(session),
      },
    };
  }

  /** The owner of the finding that the session chose, otherwise of the worst one. */
  #it(id: string | null): { readonly value: unknown; readonly answer: ExpressionAnswer['it'] } {
    const findings = this.#parts.findings();
    const finding = id === null ? findings[0] : findings.find((one) => one.id === id);
    if (finding === undefined)
      return { value: undefined, answer: { finding: id, via: null, reason: say`there is no such finding` } };
    const owner = liveOwner(finding.retainerPath, this.#parts.roots);
    return owner.found
      ? { value: owner.value, answer: { finding: finding.id, via: owner.via, reason: null } }
      : { value: undefined, answer: { finding: finding.id, via: null, reason: owner.reason } };
  }
}

const STOPPED = say`The last expression stopped the service for a while, so the next one has to wait.`;
const RAN_LONG = say`The last expression took a core for a while, in its copy of the service, so the next one has to wait.`;
const NOT_RUN_RETRY_MS: Readonly<Record<NotRun['notRun'], number>> = { busy: 5000, unsafe: 60_000 };
const NO_IT = { value: undefined, answer: null } as const;

function reasonOf(evaluated: Evaluated, redaction: Redaction): string | null {
  switch (evaluated.outcome) {
    case 'refused':
      return say`V8 could not prove that it changes nothing; read-only mode refuses it`;
    case 'timeout':
      return say`it ran for too long and was ended`;
    case 'pending':
      return say`it still waits, and goes on by itself`;
    case 'syntax':
    case 'failed':
      return redaction.text(evaluated.message.slice(0, MAX_MESSAGE)).slice(0, MAX_REASON);
    default:
      return null;
  }
}
