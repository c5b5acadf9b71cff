import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Duplex, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AnalysisResult } from '../heap/analysis.js';
import { closePipeEnd } from '../native/binding.js';
import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import { MIB } from '../runtime/units.js';
import { type AnalysisLimits, analysisLimits, requireDescriptors } from './analysis-limits.js';
import {
  type AnalysisHeader,
  type AnalysisMessage,
  boundedSites,
  decodeMessage,
} from './analysis-message.js';
import type {
  AnalysisEnding,
  AnalysisHandle,
  AnalysisOptions,
  AnalysisOutcome,
  StartAnalysis,
} from './analysis-outcome.js';

const LOWEST_PRIORITY = 19;
/** After this, we no longer wait for a process that ended or was killed, even if others still hold its pipes or it does not end. */
const END_GRACE_MS = 5000;
/** Variables that Node may need to start: the paths of its shared libraries and, on Windows, of the system. Lower case. */
const PASSED_VARIABLES: readonly string[] = ['ld_library_path', 'dyld_library_path', 'systemroot'];
/** The end of stderr that is kept, for the reason of a failure. */
const MAX_STDERR_CHARACTERS = 2048;
/** V8's last words, while it runs and at its start. */
const HEAP_EXHAUSTED = /javascript (heap out of memory|OOM)/i;
/** A result is some 2 MB at most; what sends more is not our program. */
const MAX_LINE_CHARACTERS = 16 << 20;

/** Starts the analysis in another process, which does not keep this one alive. */
export const startAnalysis: StartAnalysis = (options) => {
  const entry = options.entry ?? new URL('./analysis-process.js', import.meta.url);
  const limits = analysisLimits(options);
  const snapshotFd = options.snapshotFd ?? null;
  try {
    requireDescriptors();
    // It lives for seconds: compiling and marking on V8's threads would take a third of its CPU and save nothing.
    const flags = ['--single-threaded', `--max-old-space-size=${limits.oldSpaceMb}`];
    const child = spawn(process.execPath, [...flags, fileURLToPath(entry)], {
      env: passedOn(options.environment ?? {}),
      stdio: ['pipe', 'pipe', 'pipe', snapshotFd ?? 'pipe'],
      detached: false,
      windowsHide: true,
    });
    return new RunningAnalysis(child, options, limits);
  } catch (error) {
    return {
      sink: discarding(),
      result: Promise.resolve(withoutCost(notStarted(error))),
      kill() {},
    };
  } finally {
    if (snapshotFd !== null) closePipeEnd(snapshotFd);
  }
};

/** An analysis must not be watched itself, be loaded with the service's modules, or see its secrets. */
function passedOn(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => PASSED_VARIABLES.includes(name.toLowerCase())),
  );
}

function notStarted(error: unknown): AnalysisEnding {
  const message = error instanceof Error ? error.message : String(error);
  return { outcome: 'crashed', cause: 'not-started', message };
}

function withoutCost(ending: AnalysisEnding): AnalysisOutcome {
  return { ...ending, cpuSeconds: 0, peakRssBytes: 0 };
}

/** Replaces the pipe of a process that could not be started. */
function discarding(): Writable {
  const sink = new Writable({
    write: (_chunk, _encoding, done) =>
      done(Object.assign(new Error('no analysis process'), { code: 'EPIPE' })),
  });
  return sink.on('error', () => {});
}

class RunningAnalysis implements AnalysisHandle {
  readonly sink: Writable;
  readonly result: Promise<AnalysisOutcome>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #heapLimitBytes: number;
  /** Why we ended it. */
  #ending: AnalysisEnding | null = null;
  #message: Extract<AnalysisMessage, { kind: 'result' }> | null = null;
  #line = '';
  #stderr = '';
  #heapExhausted = false;
  #grace: Timer | null = null;
  #settle: (outcome: AnalysisOutcome) => void = () => {};

  constructor(child: ChildProcess, options: AnalysisOptions, limits: AnalysisLimits) {
    this.#child = child;
    this.#clock = options.clock ?? systemClock;
    this.#heapLimitBytes = limits.oldSpaceMb * MIB;
    // First, and never removed: a process that cannot be started or killed must not be an uncaught error here.
    child.on('error', (error) => {
      // A signal that could not be delivered is an `error`, too; the process then still ends by itself.
      if (child.pid === undefined) this.#settle(withoutCost(notStarted(error)));
    });
    this.sink = (this.#streams[3] as Writable | null | undefined) ?? discarding();
    this.result = this.#begin(options);
    child.once('exit', (code, signal) => this.#giveUpSoon(() => this.#outcome(code, signal)));
    child.once('close', (code, signal) => this.#settle(this.#outcome(code, signal)));
    this.#listen(options);
    this.#order(options, limits);
    this.#hold(false);
  }

  /** Without descriptors left, `spawn` returns a process that has no streams at all. */
  get #streams(): readonly unknown[] {
    return (this.#child.stdio as readonly unknown[] | undefined) ?? [];
  }

  kill(): void {
    this.#end({ outcome: 'cancelled', cause: 'cancelled' });
  }

  #begin({ timeoutMs, signal }: AnalysisOptions): Promise<AnalysisOutcome> {
    const cancel = () => this.kill();
    const timer = this.#clock.after(timeoutMs, () =>
      this.#end({ outcome: 'timeout', cause: 'timeout', timeoutMs }),
    );
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        timer.cancel();
        this.#grace?.cancel();
        signal?.removeEventListener('abort', cancel);
        this.#hold(false);
        // Our ends are closed, even if another process holds the others.
        for (const stream of [this.sink, ...this.#streams]) (stream as Partial<Writable> | null)?.destroy?.();
        resolve(outcome);
      };
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #end(ending: AnalysisEnding): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    // A process that was never started has pid 0 for Node, and killing that is killing our own process group.
    if (this.#child.pid === undefined) return;
    // A caller that awaits the end must see it, even if nothing else keeps the event loop running.
    this.#hold(true);
    // The only signal that works in the middle of a step, where no handler runs.
    this.#child.kill('SIGKILL');
    this.#giveUpSoon(() => withoutCost(ending));
  }

  /** Waits twice: after a long turn of the service, timers run first, and only then is the output of the process read. */
  #giveUpSoon(outcome: () => AnalysisOutcome, waits = 2): void {
    this.#grace?.cancel();
    this.#grace = this.#clock.after(END_GRACE_MS / 2, () =>
      waits === 1 ? this.#settle(outcome()) : this.#giveUpSoon(outcome, waits - 1),
    );
  }

  #outcome(exitCode: number | null, signal: NodeJS.Signals | null): AnalysisOutcome {
    const { cpuSeconds = 0, peakRssBytes = 0 } = this.#message ?? {};
    return { ...this.#resultOrEnding(exitCode, signal), cpuSeconds, peakRssBytes };
  }

  #resultOrEnding(exitCode: number | null, signal: NodeJS.Signals | null): AnalysisResult | AnalysisEnding {
    // It may have ended by itself just before the timeout; then its own reason is better.
    const byUs = signal === 'SIGKILL' || this.#ending?.outcome !== 'cancelled';
    if (this.#ending !== null && byUs) return this.#ending;
    if (this.#message !== null) return this.#message.result;
    if (this.#heapExhausted)
      return { outcome: 'crashed', cause: 'heap-exhausted', limitBytes: this.#heapLimitBytes };
    return { outcome: 'crashed', cause: 'ended-early', exitCode, signal, stderr: this.#stderr.trim() };
  }

  #listen({ onProgress }: AnalysisOptions): void {
    const { stdout, stderr, stdin } = this.#child;
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text, onProgress));
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      const said = this.#stderr + text;
      // The stack that V8 prints after it is longer than all we keep.
      this.#heapExhausted ||= HEAP_EXHAUSTED.test(said);
      this.#stderr = said.slice(-MAX_STDERR_CHARACTERS);
    });
    // A pipe breaks when the process has ended, which is reported anyway.
    for (const stream of [stdout, stderr, stdin, this.sink]) stream?.on('error', () => {});
    // The parent's side of descriptor 3 is readable too: without a reader its end is never seen.
    if (this.sink instanceof Duplex) this.sink.resume();
  }

  #read(text: string, onProgress: AnalysisOptions['onProgress']): void {
    if (!text.includes('\n')) {
      this.#line += text;
      if (this.#line.length > MAX_LINE_CHARACTERS) this.#garbage();
      return;
    }
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      const message = decodeMessage(line);
      if (message === null) this.#garbage();
      else if (message.kind === 'progress') onProgress?.(message.step);
      else this.#message = message;
    }
  }

  #garbage(): void {
    this.#line = '';
    this.#end({ outcome: 'crashed', cause: 'unreadable' });
  }

  #order(options: AnalysisOptions, { memoryLimitBytes }: AnalysisLimits): void {
    const { previous, capturedAtMs, clockStepMs = 0, niceness = LOWEST_PRIORITY } = options;
    const sites = boundedSites(options.sites ?? []);
    const previousBytes = previous?.length ?? 0;
    const times = { capturedAtMs, clockStepMs };
    const header: AnalysisHeader = { ...times, niceness, previousBytes, memoryLimitBytes, sites };
    // Not ended: to the process, the end of its stdin means that we are gone.
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
