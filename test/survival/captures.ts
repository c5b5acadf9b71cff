import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import type { CaptureLevel } from '../../src/capture/capture-record.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import { ForkDumper } from '../../src/capture/fork-dumper.js';
import type { GraphWriter } from '../../src/capture/graph-source.js';
import type { CaptureOrder } from '../../src/capture/heap-dumper.js';
import { loadBinding, type NativeBinding } from '../../src/native/binding.js';
import { systemClock } from '../../src/runtime/clock.js';
import { eventually } from '../support/eventually.js';

/** What a service says of one capture; times in milliseconds, sizes in bytes. */
export interface Capture {
  readonly rung: CaptureLevel;
  readonly outcome: 'success' | 'failure';
  readonly failure: DumpFailure | null;
  readonly pauseMs: number;
  readonly durationMs: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly retries: number;
  readonly writer: GraphWriter | null;
  /** Of the snapshot, as it came through the pipe; 0 where the rung writes none or nobody reads it. */
  readonly snapshotBytes: number;
  /** Whether the snapshot came to its last brace. */
  readonly whole: boolean;
}

export interface CaptureWishes {
  /** Does not read, so that the child stands still in the middle of its snapshot; what it returns is to be closed. */
  readonly hold?: (readFd: number) => void;
  readonly signal?: AbortSignal;
  /** The dumper's own timers keep nothing alive; by default this does until the capture has ended. */
  readonly keepsAlive?: boolean;
  readonly concurrentBytes?: number;
  readonly timeoutMs?: number;
  /** A full graph by V8's generator, which takes many times the heap. */
  readonly byV8?: boolean;
}

/** A capture that meets a thread of V8's in each of its children is tried again later, as the watcher does. */
const MAX_CAPTURES = 20;

const dumpers = new Map<boolean, ForkDumper>();

/** Of this process, kept for its captures since it learns from each. */
export function dumperOf(byV8 = false): ForkDumper {
  const lacking = { prepareGraph: async () => 'nothing, but V8 is to write' };
  const dumper =
    dumpers.get(byV8) ?? new ForkDumper(byV8 ? { ...binding(), ...lacking } : binding(), systemClock);
  dumpers.set(byV8, dumper);
  return dumper;
}

function binding(): NativeBinding {
  const { binding, reason } = loadBinding();
  assert.ok(binding, reason ?? '');
  return binding;
}

/** One capture of this process by the real dumper. */
export async function capture(rung: CaptureLevel, wishes: CaptureWishes = {}): Promise<Capture> {
  let reading: Promise<Snapshot> = Promise.resolve({ bytes: 0, whole: false });
  const order: CaptureOrder = {
    level: rung,
    receiver: {
      stream: () => assert.fail('the child writes it'),
      pipe: (readFd) => {
        if (wishes.hold === undefined) reading = readSnapshot(readFd);
        else wishes.hold(readFd);
      },
    },
    heapBytes: getHeapStatistics().used_heap_size,
    concurrentBytes: wishes.concurrentBytes ?? 0,
    niceness: 19,
    timeoutMs: wishes.timeoutMs ?? 120_000,
    signal: wishes.signal ?? new AbortController().signal,
    paused: () => {},
  };
  const alive = setInterval(() => {}, 1000);
  if (wishes.keepsAlive === false) alive.unref();
  try {
    const fromMs = systemClock.monotonicMs();
    const dump = await dumperOf(wishes.byV8).dump(order);
    const durationMs = systemClock.monotonicMs() - fromMs;
    const { bytes, whole } = await reading;
    const { outcome, pauseMs, cpuSeconds, peakBytes, retries } = dump;
    const failure = dump.outcome === 'failure' ? dump.failure : null;
    const costs = { pauseMs, durationMs, cpuSeconds, peakBytes, retries };
    const writer = dump.graph?.writer ?? null;
    return { rung, outcome, failure, ...costs, writer, snapshotBytes: bytes, whole };
  } finally {
    clearInterval(alive);
  }
}

/** Captures until one was not spoilt by what V8's threads were at, and returns all. */
export async function captureUntilDone(
  rung: CaptureLevel,
  wishes: CaptureWishes = {},
): Promise<readonly Capture[]> {
  const captures: Capture[] = [];
  while (captures.length < MAX_CAPTURES) {
    const latest = await capture(rung, wishes);
    captures.push(latest);
    if (latest.failure?.cause !== 'worker-busy') break;
  }
  return captures;
}

/** A full capture whose child stands still, since nobody reads what it writes. */
export interface HeldCapture {
  readonly childPid: number;
  readonly ended: Promise<Capture>;
  /** Lets the child go on; without it, it fails as with a reader that died. */
  letGo(): void;
}

export async function holdCapture(
  wishes: Pick<CaptureWishes, 'signal' | 'keepsAlive'> = {},
): Promise<HeldCapture> {
  let held: number | null = null;
  const ended = capture('full', {
    hold: (readFd) => {
      held = readFd;
    },
    ...wishes,
  });
  const readFd = await eventually('the child writes its snapshot', () => held, 120_000);
  const [childPid, ...others] = childrenLeft();
  assert.ok(childPid !== undefined && others.length === 0, `children: ${childPid} ${others}`);
  return { childPid: Number(childPid), ended, letGo: () => binding().close(readFd) };
}

interface Snapshot {
  readonly bytes: number;
  readonly whole: boolean;
}

function readSnapshot(readFd: number): Promise<Snapshot> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let last = '';
    const socket = new Socket({ fd: readFd, readable: true, writable: false });
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = (last + chunk.subarray(-8).toString('latin1')).slice(-8);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ bytes, whole: last.trimEnd().endsWith('}') }));
  });
}

/** Children of all threads of this process, running or dead and not waited for. */
export function childrenLeft(): readonly string[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean);
    } catch (error) {
      // The thread has ended since it was listed: its children went to another one.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Descriptors of this process, without the one that reads them. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1;
}

/** Objects of about 100 bytes each that V8 can neither share nor leave out; a million takes about 100 MB. */
export function smallObjects(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ index, name: `object ${index}`, next: null }));
}

/** A line for the test that started this program. */
export function say(message: Readonly<Record<string, unknown>>): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < line.length; ) at += writeSync(1, line, at);
}
