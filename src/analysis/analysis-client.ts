import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { devNull } from 'node:os';
import { Duplex, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AnalysisResult, AnalysisStep } from '../heap/analysis.js';
import type { RawSite } from '../heap/sources/code-place.js';
import { readMemoryLimit } from '../host/memory-limit.js';
import { closePipeEnd } from '../native/binding.js';
import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import {
  type AnalysisHeader,
  type AnalysisMessage,
  boundedSites,
  decodeMessage,
} from './analysis-message.js';

const LOWEST_PRIORITY = 19;
const MIB = 2 ** 20;
/** V8 itself may crash at its start with less than the first, and in ways that say nothing. */
const MIN_OLD_SPACE_MB = 32;
const MAX_OLD_SPACE_MB = 1024;
const MAX_MEMORY_BYTES = 2 ** 31;
/** Of what host and container have left: the rest stays with the service. */
const SHARE_OF_AVAILABLE = 0.5;
/** Resident in the analysis process and no memory of its own: the pages of Node.js's file, which the service has as well. */
const SHARED_BYTES = 48 * MIB;
/** A process that ended, or was killed, is given up after this, though its pipes are still held or it will not go. */
const END_GRACE_MS = 5000;
/** What Node may need to start: where its shared libraries are, and on Windows where the system is. Lower case. */
const PASSED_VARIABLES: readonly string[] = ['ld_library_path', 'dyld_library_path', 'systemroot'];
/** Both ends of four pipes, and two more while the process starts. */
const DESCRIPTORS_NEEDED = 10;
/** What is kept of stderr, its end, for the reason of a failure. */
const MAX_STDERR_CHARACTERS = 2048;
/** V8's last words, in its running and at its start. */
const HEAP_EXHAUSTED = /javascript (heap out of memory|OOM)/i;
/** A result is some 2 MB at most; a process that says more is not ours. */
const MAX_LINE_CHARACTERS = 16 << 20;

export interface AnalysisOptions {
  /** `series` of the previous analysis of this process. */
  readonly previous: Uint8Array | null;
  /** Milliseconds since the Unix epoch. */
  readonly capturedAtMs: number;
  /** Where memory that survives is allocated, most growth first, as V8 has it; the first 64 are told. */
  readonly sites?: readonly RawSite[];
  /** 0 to 19 (lowest); default 19. */
  readonly niceness?: number;
  /** The process is killed when it has not finished by then. */
  readonly timeoutMs: number;
  /**
   * Resident memory at which the process gives up, with a failure that says so. By default half of what is left to
   * this process beside what the two share, and 2 GiB at most.
   */
  readonly memoryLimitBytes?: number;
  /** Bound of the process's JavaScript heap, at which it crashes; the columns of the graph lie beside it. By default as much as `memoryLimitBytes`, within 32 MiB to 1 GiB. */
  readonly maxOldSpaceMb?: number;
  /** The read end of a pipe from which the process takes the snapshot, instead of from `sink`; closed here in any case. */
  readonly snapshotFd?: number | null;
  /** Size of the snapshot, bytes, where it is known: then `onProgress` tells fractions. */
  readonly snapshotBytes?: number | null;
  readonly signal?: AbortSignal;
  /** The variables around; only those that Node may need to start are passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Another program in place of the analysis, for tests. */
  readonly entry?: URL;
  readonly clock?: Clock;
  /** Called as a step begins, with null, and on its way with the fraction of it that is done, 0 to 1, where that is known. */
  readonly onProgress?: (step: AnalysisStep, fraction: number | null) => void;
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
  /** The snapshot goes here, unless there is a `snapshotFd`; to be ended when it is complete. Its errors also end the analysis. */
  readonly sink: Writable;
  /** Never rejects. */
  readonly result: Promise<AnalysisOutcome>;
  /** Ends the process at once, whatever it is doing; the outcome is then `cancelled`. */
  kill(): void;
}

export type StartAnalysis = (options: AnalysisOptions) => AnalysisHandle;

type Ending = Extract<AnalysisOutcome, { outcome: 'crashed' | 'timeout' | 'cancelled' }>;

/** Starts the analysis in a process of its own. Nothing of it keeps this process alive. */
export const startAnalysis: StartAnalysis = (options) => {
  const entry = options.entry ?? new URL('./analysis-process.js', import.meta.url);
  const memoryLimitBytes = options.memoryLimitBytes ?? defaultMemoryLimit();
  const oldSpaceMb = options.maxOldSpaceMb ?? oldSpaceFor(memoryLimitBytes);
  const snapshotFd = options.snapshotFd ?? null;
  try {
    requireDescriptors();
    // It lives for seconds: what V8's threads compile and mark for it in the meantime is a third of its CPU, and wasted.
    const flags = ['--single-threaded', `--max-old-space-size=${oldSpaceMb}`];
    const child = spawn(process.execPath, [...flags, fileURLToPath(entry)], {
      env: passedOn(options.environment ?? {}),
      stdio: ['pipe', 'pipe', 'pipe', snapshotFd ?? 'pipe'],
      detached: false,
      windowsHide: true,
    });
    return new RunningAnalysis(child, options, { memoryLimitBytes, oldSpaceMb });
  } catch (error) {
    return {
      sink: discarding(),
      result: Promise.resolve(crashed(`it could not be started: ${messageOf(error)}`)),
      kill() {},
    };
  } finally {
    if (snapshotFd !== null) closePipeEnd(snapshotFd);
  }
};

/** Throws where too few are left: a `spawn` that runs out of them half way never closes the pipes it has made. */
function requireDescriptors(): void {
  const held: number[] = [];
  try {
    while (held.length < DESCRIPTORS_NEEDED) held.push(openSync(devNull, 'r'));
  } catch (error) {
    if (/^E[MN]FILE/.test(messageOf(error))) throw error;
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

interface Bounds {
  readonly memoryLimitBytes: number;
  readonly oldSpaceMb: number;
}

function defaultMemoryLimit(): number {
  const { availableBytes } = readMemoryLimit();
  const ownBytes = Math.floor((availableBytes ?? Infinity) * SHARE_OF_AVAILABLE);
  return Math.min(MAX_MEMORY_BYTES, SHARED_BYTES + ownBytes);
}

function oldSpaceFor(memoryLimitBytes: number): number {
  return Math.min(MAX_OLD_SPACE_MB, Math.max(MIN_OLD_SPACE_MB, Math.floor(memoryLimitBytes / MIB)));
}

/** An analysis must not be watched itself, be loaded with the service's modules, or see its secrets. */
function passedOn(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => PASSED_VARIABLES.includes(name.toLowerCase())),
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
  readonly #clock: Clock;
  readonly #oldSpaceMb: number;
  /** Why we ended it; the process's own end then only says when. */
  #ending: Ending | null = null;
  #message: Extract<AnalysisMessage, { kind: 'result' }> | null = null;
  #line = '';
  #stderr = '';
  #heapExhausted = false;
  #grace: Timer | null = null;
  #settle: (outcome: AnalysisOutcome) => void = () => {};

  constructor(child: ChildProcess, options: AnalysisOptions, bounds: Bounds) {
    this.#child = child;
    this.#clock = options.clock ?? systemClock;
    this.#oldSpaceMb = bounds.oldSpaceMb;
    // First of all and for good: a process that could not be started, or killed, must not be an uncaught error here.
    child.on('error', (error) => {
      // A signal that could not be delivered is also an `error`; the end then still comes by itself.
      if (child.pid === undefined) this.#settle(crashed(`it could not be started: ${error.message}`));
    });
    this.sink = (this.#streams[3] as Writable | null | undefined) ?? discarding();
    this.result = this.#begin(options);
    child.once('exit', (code, signal) => this.#giveUpSoon(() => this.#outcome(code, signal)));
    child.once('close', (code, signal) => this.#settle(this.#outcome(code, signal)));
    this.#listen(options);
    this.#order(options, bounds);
    this.#hold(false);
  }

  /** Without descriptors left, `spawn` returns a process that has no streams at all. */
  get #streams(): readonly unknown[] {
    return (this.#child.stdio as readonly unknown[] | undefined) ?? [];
  }

  kill(): void {
    this.#end(ended('cancelled', 'the analysis was cancelled'));
  }

  #begin({ timeoutMs, signal }: AnalysisOptions): Promise<AnalysisOutcome> {
    const cancel = () => this.kill();
    const timer = this.#clock.after(timeoutMs, () =>
      this.#end(ended('timeout', `the analysis took longer than ${timeoutMs} ms`)),
    );
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        timer.cancel();
        this.#grace?.cancel();
        signal?.removeEventListener('abort', cancel);
        this.#hold(false);
        // Whoever else holds the other ends: ours are not left open.
        for (const stream of [this.sink, ...this.#streams]) (stream as Partial<Writable> | null)?.destroy?.();
        resolve(outcome);
      };
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #end(ending: Ending): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    // A process that was never started has pid 0 for Node, and killing that is killing our own process group.
    if (this.#child.pid === undefined) return;
    // Who waits for the end must see it, even where nothing else keeps the event loop going.
    this.#hold(true);
    // The only signal that ends it at once in the midst of a step, where it runs no handler.
    this.#child.kill('SIGKILL');
    this.#giveUpSoon(() => ending);
  }

  /** In two waits: after a long turn of the service timers come first, and what the process said is read behind them. */
  #giveUpSoon(outcome: () => AnalysisOutcome, waits = 2): void {
    this.#grace?.cancel();
    this.#grace = this.#clock.after(END_GRACE_MS / 2, () =>
      waits === 1 ? this.#settle(outcome()) : this.#giveUpSoon(outcome, waits - 1),
    );
  }

  #outcome(code: number | null, signal: NodeJS.Signals | null): AnalysisOutcome {
    const { cpuSeconds = 0, peakRssBytes = 0 } = this.#message ?? {};
    // It may have ended by itself just before we gave it up, and then its own reason tells more.
    const byUs = signal === 'SIGKILL' || this.#ending?.outcome !== 'cancelled';
    if (this.#ending !== null && byUs) return { ...this.#ending, cpuSeconds, peakRssBytes };
    if (this.#message !== null) return { ...this.#message.result, cpuSeconds, peakRssBytes };
    if (this.#heapExhausted) return crashed(`its JavaScript heap outgrew ${this.#oldSpaceMb} MB`);
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    const byKernel = signal === 'SIGKILL' ? ', as the kernel does where memory runs out' : '';
    const said = this.#stderr.trim();
    return crashed(`it ${how} before its result${byKernel}${said === '' ? '' : `; it said: ${said}`}`);
  }

  #listen({ onProgress }: AnalysisOptions): void {
    const { stdout, stderr, stdin } = this.#child;
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text, onProgress));
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      const said = this.#stderr + text;
      // What follows it, V8's own stack, is longer than all we keep.
      this.#heapExhausted ||= HEAP_EXHAUSTED.test(said);
      this.#stderr = said.slice(-MAX_STDERR_CHARACTERS);
    });
    // A pipe breaks when the process has ended, and its end is what is reported.
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
      else if (message.kind === 'progress') onProgress?.(message.step, message.fraction);
      else this.#message = message;
    }
  }

  #garbage(): void {
    this.#line = '';
    this.#end(crashed('it said something that is not a message of the analysis'));
  }

  #order(options: AnalysisOptions, { memoryLimitBytes }: Bounds): void {
    const { previous, capturedAtMs, niceness = LOWEST_PRIORITY, snapshotBytes = null } = options;
    const sites = boundedSites(options.sites ?? []);
    const previousBytes = previous?.length ?? 0;
    const header: AnalysisHeader = {
      capturedAtMs,
      niceness,
      previousBytes,
      memoryLimitBytes,
      snapshotBytes,
      sites,
    };
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
