import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createReadStream, writeSync } from 'node:fs';
import type { CaptureOrder } from '../../src/capture/heap-dumper.js';
import type {
  ChildEnd,
  ChildWords,
  ForkedChild,
  GraphWords,
  Mappings,
  NativeBinding,
} from '../../src/native/binding.js';
import type { Clock, Timer } from '../../src/runtime/clock.js';
import { binding } from '../native/forked-job.js';

/** Larger than any process number that Linux gives (`PID_MAX_LIMIT`). */
const NOBODY = 2 ** 22 + 1;

export const NO_GRAPH: GraphWords = {
  problem: 0,
  v8Roots: 0,
  found: 0,
  expected: 0,
  nodes: 0,
  edges: 0,
  selfBytes: 0,
  ownBytes: 0,
  falseMarks: 0,
};

/** What becomes of one fork. */
export interface ScriptedChild {
  /** In place of a child: the error's code. */
  readonly refused?: string;
  readonly writes?: string;
  /** `lost`: somebody else takes it; `none`: it runs until it is killed. Default: exit code 0. */
  readonly end?: Partial<ChildEnd> | 'lost' | 'none';
  readonly words?: Partial<ChildWords>;
  readonly blockedMs?: number;
}

/** The addon with scans, forks and ends that a test writes; its pipes are real, and what is to be killed is a process. */
export class ScriptedForks implements NativeBinding {
  readonly missingSymbol: string | null;
  /** What the native writer of graphs lacks. */
  missingGraph: string | null = null;
  prepares: () => Promise<string | null> = async () => this.missingGraph;
  /** Left to fork. */
  readonly script: ScriptedChild[];
  /** How many have been. */
  forks = 0;
  scans: () => Promise<Mappings> = async () => ({}) as Mappings;
  readonly #children = new Map<number, ScriptedChild & { killed?: NodeJS.Signals }>();
  readonly #pages = new Map<object, ScriptedChild>();

  constructor(script: readonly ScriptedChild[], missingSymbol: string | null = null) {
    this.script = [...script];
    this.missingSymbol = missingSymbol;
  }

  scan(): Promise<Mappings> {
    return this.scans();
  }

  fork({ output }: { readonly output: number }): ForkedChild {
    this.forks += 1;
    const child = this.script.shift() ?? assert.fail('one fork more than the test expects');
    if (child.refused !== undefined) throw Object.assign(new Error('fork: refused'), { code: child.refused });
    if (child.writes !== undefined) writeSync(output, child.writes);
    const page = {} as ForkedChild['page'];
    this.#pages.set(page, child);
    const pid = child.end === 'none' ? this.#start(child) : NOBODY + this.forks;
    if (child.end !== 'none') this.#children.set(pid, child);
    const { blockedMs = 5 } = child;
    return { pid, blockedMs, forkMs: 1, mappings: 10, unknownMappings: 0, page };
  }

  /** Asleep until a signal ends it. */
  #start(child: ScriptedChild): number {
    const sleeping = spawn('sleep', ['600'], { stdio: 'ignore' });
    const pid = sleeping.pid ?? assert.fail('no process');
    const running: ScriptedChild & { killed?: NodeJS.Signals } = { ...child };
    this.#children.set(pid, running);
    sleeping.once('exit', (_code, signal) => {
      running.killed = signal ?? 'SIGTERM';
    });
    return pid;
  }

  wait(pid: number): ChildEnd | null {
    const child = this.#children.get(pid) ?? assert.fail('waited for twice');
    if (child.end === 'none' && child.killed === undefined) return null;
    this.#children.delete(pid);
    if (child.end === 'lost') throw Object.assign(new Error('ECHILD: wait4'), { code: 'ECHILD' });
    if (child.end === 'none')
      return { exitCode: -1, signal: child.killed === 'SIGKILL' ? 9 : 15, cpuSeconds: 0 };
    return { exitCode: 0, signal: 0, cpuSeconds: 1, ...child.end };
  }

  words(page: object): ChildWords {
    return { peakBytes: 0, liveBytes: 0, message: '', graph: NO_GRAPH, ...this.#pages.get(page)?.words };
  }

  /** Children that nobody has waited for. */
  get left(): number {
    return this.#children.size;
  }

  pipe(): { readonly readFd: number; readonly writeFd: number } {
    return binding().pipe();
  }

  close(descriptor: number): void {
    binding().close(descriptor);
  }

  waiting(readFd: number): number {
    return binding().waiting(readFd);
  }

  tellLiveBytes(): void {
    assert.fail('it is for the child');
  }

  largeCollections(): object[] {
    assert.fail('it is for the child');
  }

  walkCollections(): object[] | null {
    assert.fail('it is for the child');
  }

  prepareGraph(): Promise<string | null> {
    return this.prepares();
  }

  writeGraph(): void {
    assert.fail('it is for the child');
  }

  census(): (object | number)[] {
    assert.fail('it is for the child');
  }
}

/** Waits as little as the event loop allows, while by its own time all went as it should. */
export class HurriedClock implements Clock {
  /** Of every timer that was set, milliseconds. */
  readonly delays: number[] = [];
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    this.delays.push(delayMs);
    const dueMs = this.#nowMs + delayMs;
    const handle = setTimeout(() => {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      callback();
    });
    return { cancel: () => clearTimeout(handle) };
  }
}

/** A receiver that reads what it is given, and an order with it. */
export class TestOrder {
  /** What each pipe that was handed over held, in order. */
  readonly received: Promise<string>[] = [];
  readonly abort = new AbortController();
  readonly pauses: number[] = [];

  order(changes: Partial<CaptureOrder> = {}): CaptureOrder {
    return {
      level: 'sampled',
      receiver: {
        stream: () => assert.fail('it has a child that writes'),
        pipe: (readFd) => void this.received.push(readAll(readFd)),
      },
      heapBytes: 100 * 2 ** 20,
      concurrentBytes: 0,
      niceness: 19,
      timeoutMs: 60_000,
      signal: this.abort.signal,
      paused: (fromMs, toMs) => void this.pauses.push(toMs - fromMs),
      ...changes,
    };
  }
}

async function readAll(readFd: number): Promise<string> {
  let text = '';
  for await (const chunk of createReadStream('', { fd: readFd, encoding: 'utf8' })) text += String(chunk);
  return text;
}
