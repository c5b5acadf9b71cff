import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Duplex, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AnalysisResult, AnalysisStep } from '../heap/analysis.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { type AnalysisHeader, type AnalysisMessage, decodeMessage } from './analysis-message.js';

const DEFAULT_OLD_SPACE_MB = 1024;
/** What is kept of stderr, its end, for the reason of a failure. */
const MAX_STDERR_CHARACTERS = 2048;
/** A result is some 2 MB at most; a process that says more is not ours. */
const MAX_LINE_CHARACTERS = 16 << 20;

export interface AnalysisOptions {
  /** `series` of the previous analysis of this process. */
  readonly previous: Uint8Array | null;
  /** Milliseconds since the Unix epoch. */
  readonly capturedAtMs: number;
  /** The process is killed when it has not finished by then. */
  readonly timeoutMs: number;
  /** Bound of the process's JavaScript heap; the columns of the graph lie beside it. */
  readonly maxOldSpaceMb?: number;
  readonly signal?: AbortSignal;
  /** Variables for the process, none by default; NODE_OPTIONS and LEAKWATCH_* are left out in any case. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Another program in place of the analysis, for tests. */
  readonly entry?: URL;
  readonly clock?: Clock;
  readonly onProgress?: (step: AnalysisStep) => void;
}

export type AnalysisOutcome = (
  | AnalysisResult
  | { readonly outcome: 'crashed' | 'timeout' | 'cancelled'; readonly reason: string }
) & {
  /** CPU the process took, seconds; 0 when it could not tell. */
  readonly cpuSeconds: number;
  /** The most memory it held, bytes; 0 when it could not tell. */
  readonly peakRssBytes: number;
};

export interface AnalysisHandle {
  /** The snapshot goes here; to be ended when it is complete. Its errors also end the analysis. */
  readonly sink: Writable;
  /** Never rejects. */
  readonly result: Promise<AnalysisOutcome>;
  /** Ends the process at once; the outcome is then `cancelled`. */
  kill(): void;
}

export type StartAnalysis = (options: AnalysisOptions) => AnalysisHandle;

type Ending = Extract<AnalysisOutcome, { outcome: 'crashed' | 'timeout' | 'cancelled' }>;

/** Starts the analysis in a process of its own. Nothing of it keeps this process alive. */
export const startAnalysis: StartAnalysis = (options) => {
  const entry = options.entry ?? new URL('./analysis-process.js', import.meta.url);
  const heapBound = `--max-old-space-size=${options.maxOldSpaceMb ?? DEFAULT_OLD_SPACE_MB}`;
  try {
    const child = spawn(process.execPath, [heapBound, fileURLToPath(entry)], {
      env: sanitised(options.environment ?? {}),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: false,
      windowsHide: true,
    });
    return new RunningAnalysis(child, options);
  } catch (error) {
    return {
      sink: discarding(),
      result: Promise.resolve(crashed(`it could not be started: ${messageOf(error)}`)),
      kill() {},
    };
  }
};

/** The watcher must not watch its own analysis. */
function sanitised(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('LEAKWATCH_')),
  );
}

const ended = (outcome: Ending['outcome'], reason: string): Ending => ({
  outcome,
  reason,
  cpuSeconds: 0,
  peakRssBytes: 0,
});
const crashed = (reason: string): Ending => ended('crashed', reason);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Stands in for the pipe of a process that never was. */
function discarding(): Writable {
  const sink = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('EPIPE: no analysis process')),
  });
  return sink.on('error', () => {});
}

class RunningAnalysis implements AnalysisHandle {
  readonly sink: Writable;
  readonly result: Promise<AnalysisOutcome>;
  readonly #child: ChildProcess;
  /** Why we ended it; the process's own end then only says when. */
  #ending: Ending | null = null;
  #message: Extract<AnalysisMessage, { kind: 'result' }> | null = null;
  #line = '';
  #stderr = '';

  constructor(child: ChildProcess, options: AnalysisOptions) {
    this.#child = child;
    let failed: (error: Error) => void = () => {};
    // First of all and for good: a process that could not be started, or killed, must not be an uncaught error here.
    child.on('error', (error) => failed(error));
    this.sink = (this.#streams[3] as Writable | null | undefined) ?? discarding();
    this.result = new Promise((resolve) => {
      const cancel = () => this.#end(ended('cancelled', 'the analysis was cancelled'));
      const timer = (options.clock ?? systemClock).after(options.timeoutMs, () =>
        this.#end(ended('timeout', `the analysis took longer than ${options.timeoutMs} ms`)),
      );
      const settle = (outcome: AnalysisOutcome) => {
        timer.cancel();
        options.signal?.removeEventListener('abort', cancel);
        this.sink.destroy();
        resolve(outcome);
      };
      failed = (error) => {
        // A signal that could not be delivered is also an `error`; the end then still comes by itself.
        if (child.pid === undefined) settle(crashed(`it could not be started: ${error.message}`));
      };
      child.once('close', (code, signal) => settle(this.#outcome(code, signal)));
      if (options.signal?.aborted === true) cancel();
      else options.signal?.addEventListener('abort', cancel, { once: true });
    });
    this.#listen(options);
    this.#order(options);
    this.#hold(false);
  }

  /** Without descriptors left, `spawn` returns a process that has no streams at all. */
  get #streams(): readonly unknown[] {
    return (this.#child.stdio as readonly unknown[] | undefined) ?? [];
  }

  kill(): void {
    this.#end(ended('cancelled', 'the analysis was cancelled'));
  }

  #end(ending: Ending): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    // A process that was never started has pid 0 for Node, and killing that is killing our own process group.
    if (this.#child.pid === undefined) return;
    // Who waits for the end must see it, even where nothing else keeps the event loop going.
    this.#hold(true);
    this.#child.kill('SIGKILL');
  }

  #outcome(code: number | null, signal: NodeJS.Signals | null): AnalysisOutcome {
    const { cpuSeconds = 0, peakRssBytes = 0 } = this.#message ?? {};
    // It may have ended by itself just before we gave it up, and then its own reason tells more.
    const byUs = signal === 'SIGKILL' || this.#ending?.outcome !== 'cancelled';
    if (this.#ending !== null && byUs) return { ...this.#ending, cpuSeconds, peakRssBytes };
    if (this.#message !== null) return { ...this.#message.result, cpuSeconds, peakRssBytes };
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    const said = this.#stderr.trim();
    return crashed(`it ${how} before its result${said === '' ? '' : `; it said: ${said}`}`);
  }

  #listen({ onProgress }: AnalysisOptions): void {
    const { stdout, stderr, stdin } = this.#child;
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text, onProgress));
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARACTERS);
    });
    // A pipe breaks when the process has ended, and its end is what is reported.
    for (const stream of [stdout, stderr, stdin, this.sink]) stream?.on('error', () => {});
    // The parent's side of descriptor 3 is readable too: without a reader its end is never seen.
    if (this.sink instanceof Duplex) this.sink.resume();
  }

  #read(text: string, onProgress: AnalysisOptions['onProgress']): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    if (this.#line.length > MAX_LINE_CHARACTERS) this.#garbage();
    for (const line of lines) {
      const message = decodeMessage(line);
      if (message === null) this.#garbage();
      else if (message.kind === 'progress') onProgress?.(message.step);
      else this.#message = message;
    }
  }

  #garbage(): void {
    this.#line = '';
    this.#end(crashed('it said something that is not a message of the analysis'));
  }

  #order({ previous, capturedAtMs }: AnalysisOptions): void {
    const header: AnalysisHeader = { capturedAtMs, previousBytes: previous?.length ?? 0 };
    // Not ended: the process takes the end of its stdin for our end.
    this.#child.stdin?.write(`${JSON.stringify(header)}\n`);
    if (previous !== null) this.#child.stdin?.write(previous);
  }

  /** Whether the process keeps ours alive. */
  #hold(alive: boolean): void {
    const how = alive ? 'ref' : 'unref';
    this.#child[how]();
    for (const stream of this.#streams) (stream as Partial<Socket> | null)?.[how]?.();
  }
}
