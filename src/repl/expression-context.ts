import { type Runtime, Session } from 'node:inspector';
import { constants, createContext, Script } from 'node:vm';
import { systemClock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import type { ExposedRoots } from './exposed-roots.js';
import { type Preview, previews } from './preview.js';

export interface ExpressionLimits {
  /** JavaScript that runs for longer is ended, its preview included; milliseconds. */
  readonly runMs: number;
  /** An expression of the mode `full` that waits for longer goes on, but is no longer waited for; milliseconds. */
  readonly waitMs: number;
}
export const LIMITS: ExpressionLimits = { runMs: 200, waitMs: 10_000 };

const MAX_MESSAGE = 1000;
/** The name under which an expression hands its value over. */
const HAND_OVER = '$leakwatch';
/** The name of the value of a full expression, for its preview. */
const VALUE = '$value';

/** What became of an expression. */
export type Evaluated =
  | { readonly outcome: 'value' | 'thrown'; readonly preview: Preview }
  /** A statement, which has no value. */
  | { readonly outcome: 'done' }
  /** It would have changed something; V8 ended it before. */
  | { readonly outcome: 'refused' }
  /** It ran for too long, and was ended. */
  | { readonly outcome: 'timeout' }
  /** It waits for something, and goes on by itself. */
  | { readonly outcome: 'pending' }
  | { readonly outcome: 'syntax' | 'failed'; readonly message: string };

type EvaluateOptions = { readonly readOnly: boolean; readonly timeoutMs: number };
type Posted = { readonly value: unknown } | { readonly exception: string } | { readonly stopped: true };

/**
 * The global object of one session, a context of its own: its names are what the program exposes, `$it`, and the language
 * itself. There is no `process`, no `require` and no `fetch`, and what a full session assigns never becomes a global of the
 * service. That is no sandbox: whoever holds an object of the program reaches everything, unless V8 refuses side effects.
 *
 * Everything runs on the service's own thread through its inspector, which compiles an expression such that V8 checks each
 * of its steps, and ends it after a time even within a regular expression.
 */
export class ExpressionContext {
  readonly #roots: ExposedRoots;
  readonly #limits: ExpressionLimits;
  readonly #global: object;
  readonly #contextId: number;
  #names: readonly string[] = [];

  constructor(name: string, roots: ExposedRoots, limits = LIMITS) {
    this.#roots = roots;
    this.#limits = limits;
    // An ordinary global object: the intercepted one of other contexts has side effects of its own.
    this.#global = createContext(constants.DONT_CONTEXTIFY, { name });
    this.#contextId = contextId(name);
  }

  /** `it`: the object that `$it` stands for. */
  async evaluate(expression: string, mode: 'read-only' | 'full', it: unknown): Promise<Evaluated> {
    this.#defineNames(expression, it);
    try {
      return mode === 'full' ? await this.#inFull(expression) : this.#readOnly(expression);
    } finally {
      this.#forgetNames();
    }
  }

  /** One call of the inspector, which returns a text of bounded length: the value itself could be of any size. */
  #readOnly(expression: string): Evaluated {
    const problem = syntaxProblem(expression, false);
    if (problem !== null) return { outcome: 'syntax', message: problem };
    const timeoutMs = this.#limits.runMs;
    this.#define(HAND_OVER, { value: previews.handOver });
    const session = new Session();
    session.connect();
    try {
      const fromMs = systemClock.monotonicMs();
      const posted = this.#postNow(session, `${HAND_OVER}(() => (\n${expression}\n))`, timeoutMs);
      if ('value' in posted && typeof posted.value === 'string') return JSON.parse(posted.value) as Evaluated;
      // Whatever an expression can throw is caught by what it is passed to. V8's refusal cannot be caught.
      if ('exception' in posted) return { outcome: 'refused' };
      // V8's clock may be ahead of ours. Any other failure comes at once.
      if (systemClock.monotonicMs() - fromMs > timeoutMs / 2) return { outcome: 'timeout' };
      return { outcome: 'failed', message: say`the inspector did not respond` };
    } finally {
      session.disconnect();
    }
  }

  /** Statements, `await` and assignments. The limit of time holds until the first `await`. */
  async #inFull(source: string): Promise<Evaluated> {
    const isExpression = syntaxProblem(source, true) === null;
    const problem = isExpression ? null : statementProblem(source);
    if (problem !== null) return { outcome: 'syntax', message: problem };
    const box: { value?: unknown; threw?: boolean } = {};
    this.#define(HAND_OVER, {
      value: async (run: () => Promise<unknown>) => {
        try {
          box.value = await run();
        } catch (error) {
          box.value = error;
          box.threw = true;
        }
      },
    });
    // The value of a statement is not asked for: a text in it would be copied, whatever its size.
    const text = isExpression ? `await ${HAND_OVER}(async () => (\n${source}\n))` : `${source}\n;undefined`;
    const posted = await this.#postAndWait(text);
    if (posted === null) return { outcome: 'pending' };
    if ('stopped' in posted) return { outcome: 'timeout' };
    if ('exception' in posted)
      return { outcome: 'thrown', preview: { text: posted.exception, length: posted.exception.length } };
    if (!isExpression) return { outcome: 'done' };
    this.#define(VALUE, { value: box.value });
    const shown = this.#readOnly(VALUE);
    return shown.outcome === 'value' && box.threw === true ? { ...shown, outcome: 'thrown' } : shown;
  }

  #postNow(session: Session, expression: string, timeout: number): Posted {
    let posted: Posted = { stopped: true };
    this.#post(session, expression, { readOnly: true, timeoutMs: timeout }, (result) => {
      posted = result;
    });
    return posted;
  }

  /** Null if it still waits at the end of the time. */
  #postAndWait(expression: string): Promise<Posted | null> {
    const session = new Session();
    session.connect();
    return new Promise((resolve) => {
      const settle = (posted: Posted | null) => {
        deadline.cancel();
        // Not while the inspector calls back.
        queueMicrotask(() => session.disconnect());
        resolve(posted);
      };
      const deadline = systemClock.after(this.#limits.waitMs, () => settle(null));
      this.#post(session, expression, { readOnly: false, timeoutMs: this.#limits.runMs }, settle);
    });
  }

  #post(
    session: Session,
    expression: string,
    { readOnly, timeoutMs }: EvaluateOptions,
    settle: (posted: Posted) => void,
  ): void {
    const parameters = {
      expression,
      contextId: this.#contextId,
      throwOnSideEffect: readOnly,
      timeout: timeoutMs,
      replMode: !readOnly,
      awaitPromise: !readOnly,
      silent: true,
      // A debugger that is attached for another reason must not stop the service here.
      disableBreaks: true,
    };
    session.post('Runtime.evaluate', parameters, (error, answer) => {
      if (error !== null || answer === undefined) return settle({ stopped: true });
      const { result, exceptionDetails } = answer as Runtime.EvaluateReturnType;
      if (exceptionDetails === undefined) return settle({ value: result.value as unknown });
      const { exception, text } = exceptionDetails;
      // The first line: the others are paths of files.
      const message = exception?.description ?? String(exception?.value ?? text);
      settle({ exception: message.slice(0, MAX_MESSAGE).split('\n', 1)[0]! });
    });
  }

  /**
   * Only what the expression names is read, before it runs: V8 refuses the program's own functions where they read a variable that a
   * module exports.
   */
  #defineNames(expression: string, it: unknown): void {
    for (const name of this.#names) Reflect.deleteProperty(this.#global, name);
    this.#names = this.#roots.names.filter((name) => expression.includes(name));
    for (const name of this.#names) {
      const reading = this.#roots.read(name);
      this.#define(name, 'value' in reading ? { value: reading.value } : { get: failing(reading.reason) });
    }
    this.#define('$it', { value: it });
  }

  /** A session holds nothing of the program between its expressions. */
  #forgetNames(): void {
    for (const name of [...this.#names, '$it', HAND_OVER, VALUE]) Reflect.deleteProperty(this.#global, name);
    this.#names = [];
  }

  #define(name: string, descriptor: PropertyDescriptor): void {
    Object.defineProperty(this.#global, name, { ...descriptor, configurable: true, enumerable: false });
  }
}

function failing(reason: string): () => never {
  return () => {
    throw new Error(reason);
  };
}

/** The inspector's own name for the context that was just made. */
function contextId(name: string): number {
  const session = new Session();
  session.connect();
  let id = 0;
  session.on('Runtime.executionContextCreated', ({ params: { context } }) => {
    // The newest of this name.
    if (context.name === name) id = Math.max(id, context.id);
  });
  session.post('Runtime.enable');
  session.post('Runtime.disable');
  session.disconnect();
  return id;
}

/**
 * Null if the text is one expression: by itself and in brackets, so that no bracket in it closes ours. `full`: `await` is allowed.
 */
function syntaxProblem(text: string, full: boolean): string | null {
  const [open, close] = full ? ['async () => {', '}'] : ['', ''];
  return (
    parseProblem(`${open}\n${text}\n${close}`) ?? parseProblem(`${full ? 'async ' : ''}() => (\n${text}\n)`)
  );
}

function statementProblem(text: string): string | null {
  return parseProblem(`async () => {\n${text}\n}`);
}

/** Parses and does not run. */
function parseProblem(source: string): string | null {
  try {
    new Script(source);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
  }
}
