import { type Runtime, Session } from 'node:inspector';
import { constants, createContext } from 'node:vm';
import type { CopyJobs } from '../capture/copy-jobs.js';
import { systemClock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { failedCopy, MOST_COPY_BYTES, notRun } from './copy-ends.js';
import type { Evaluated, NotRun } from './evaluated.js';
import type { ExposedRoots } from './exposed-roots.js';
import { statementProblem, syntaxProblem } from './expression-syntax.js';
import { previews } from './preview.js';
import { receivedEvaluated } from './received-evaluated.js';

export interface ExpressionLimits {
  /** JavaScript that runs in the service for longer is ended; milliseconds. */
  readonly runMs: number;
  /** The same for a copy of the service, the preview included. */
  readonly copyMs: number;
  /** An expression of the mode `full` that waits for longer goes on, but is no longer waited for; milliseconds. */
  readonly waitMs: number;
}
const LIMITS: ExpressionLimits = { runMs: 200, copyMs: 1000, waitMs: 10_000 };

const MAX_MESSAGE = 1000;
/** A preview is shorter: see its limits. */
const MAX_RESULT = 4_000_000;
/** The name under which an expression hands its value over. */
const HAND_OVER = '$leakwatch';
/** The name of the value of a full expression, for its preview. */
const VALUE = '$value';

type EvaluateOptions = { readonly readOnly: boolean; readonly timeoutMs: number | undefined };
type Posted = { readonly value: unknown } | { readonly exception: string } | { readonly stopped: true };

/**
 * The global object of one session, a context of its own: its names are what the program exposes, `$it`, and the language
 * itself. There is no `process`, no `require` and no `fetch`, and what a full session assigns never becomes a global of the
 * service. That is no sandbox: whoever holds an object of the program reaches everything, unless V8 refuses side effects.
 *
 * An expression of the mode `read-only` runs in a forked copy of the service, which has neither its descriptors nor the right to
 * open or connect anything, and ends afterwards. So whatever it does, the service is unchanged. In the copy V8 also checks each
 * step and refuses side effects: a person learns that the expression would have changed something. V8's check alone is no
 * protection: it does not look at what built-in functions write into an object that a constructor returned
 * (`Symbol.species`, `TypedArray.of`).
 *
 * An expression of the mode `full` runs on the service's own thread through its inspector, which ends it after a time even
 * within a regular expression.
 */
export class ExpressionContext {
  readonly #roots: ExposedRoots;
  readonly #limits: ExpressionLimits;
  readonly #copies: CopyJobs;
  readonly #global: object;
  readonly #contextId: number;
  #names: readonly string[] = [];

  constructor(name: string, roots: ExposedRoots, copies: CopyJobs, limits = LIMITS) {
    this.#roots = roots;
    this.#copies = copies;
    this.#limits = limits;
    // An ordinary global object: the intercepted one of other contexts has side effects of its own.
    this.#global = createContext(constants.DONT_CONTEXTIFY, { name });
    this.#contextId = contextId(name);
  }

  /** `it`: the object that `$it` stands for. `paused`: how long the fork of the copy stopped the service. */
  async evaluate(
    expression: string,
    mode: 'read-only' | 'full',
    it: unknown,
    paused: (ms: number) => void,
  ): Promise<Evaluated | NotRun> {
    if (mode === 'read-only') {
      const problem = syntaxProblem(expression, false);
      if (problem !== null) return { outcome: 'syntax', message: problem };
      // What is exposed is read in the copy as well: it is code of the program.
      return await this.#inCopy(expression, () => this.#defineNames(expression, it), paused);
    }
    this.#defineNames(expression, it);
    try {
      return await this.#inFull(expression, paused);
    } finally {
      this.#forgetNames();
    }
  }

  async #inCopy(
    expression: string,
    defineNames: () => void,
    paused: (ms: number) => void,
  ): Promise<Evaluated | NotRun> {
    const end = await this.#copies.run({
      limitMs: this.#limits.copyMs,
      mostBytes: MOST_COPY_BYTES,
      mostCharacters: MAX_RESULT,
      run: () => {
        defineNames();
        return this.#readOnly(expression, undefined);
      },
    });
    if (end.ended === 'refused') return notRun(end.why);
    paused(end.pausedMs);
    if (end.ended === 'failure') return failedCopy(end.failure);
    return (
      receivedEvaluated(end.text) ?? {
        outcome: 'failed',
        message: say`the copy of the service gave no answer`,
      }
    );
  }

  /**
   * One call of the inspector, which returns a text of bounded length: the value itself could be of any size. The text is an
   * `Evaluated`. Without `timeoutMs` whoever started the copy ends it: it has no thread that could.
   */
  #readOnly(expression: string, timeoutMs: number | undefined): string {
    this.#define(HAND_OVER, { value: previews.handOver });
    const session = new Session();
    session.connect();
    try {
      const fromMs = systemClock.monotonicMs();
      const posted = this.#postNow(session, `${HAND_OVER}(() => (\n${expression}\n))`, timeoutMs);
      if ('value' in posted && typeof posted.value === 'string') return posted.value;
      // Whatever an expression can throw is caught by what it is passed to. V8's refusal cannot be caught.
      if ('exception' in posted) return JSON.stringify({ outcome: 'refused' });
      // V8's clock may be ahead of ours. Any other failure comes at once.
      const isLate = timeoutMs !== undefined && systemClock.monotonicMs() - fromMs > timeoutMs / 2;
      return JSON.stringify(
        isLate ? { outcome: 'timeout' } : { outcome: 'failed', message: say`the inspector did not respond` },
      );
    } finally {
      session.disconnect();
    }
  }

  /** Statements, `await` and assignments. The limit of time holds until the first `await`. */
  async #inFull(source: string, paused: (ms: number) => void): Promise<Evaluated> {
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
    const shown = await this.#shown(box.value, paused);
    return shown.outcome === 'value' && box.threw === true ? { ...shown, outcome: 'thrown' } : shown;
  }

  /** In a copy if there can be one: the keys of a large object take seconds to list, and nothing interrupts that. */
  async #shown(value: unknown, paused: (ms: number) => void): Promise<Evaluated> {
    const defineValue = () => this.#define(VALUE, { value });
    const copied = await this.#inCopy(VALUE, defineValue, paused);
    if ('outcome' in copied)
      return copied.outcome === 'value'
        ? copied
        : { outcome: 'value', preview: { word: say`[takes too long to show]` } };
    defineValue();
    return JSON.parse(this.#readOnly(VALUE, this.#limits.runMs)) as Evaluated;
  }

  #postNow(session: Session, expression: string, timeoutMs: number | undefined): Posted {
    let posted: Posted = { stopped: true };
    this.#post(session, expression, { readOnly: true, timeoutMs }, (result) => {
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
