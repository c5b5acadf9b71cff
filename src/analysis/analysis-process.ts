/**
 * Entry of the analysis process. In: stdin (header line, previous series, then held open by the parent as a sign of
 * life) and descriptor 3 (the snapshot). Out: stdout, one message a line. It ends by itself when the result is written,
 * when stdin ends before that (then the parent is gone), and when it outgrows its memory.
 * Each step after parsing runs in one turn, so these conditions are checked when the next step begins. A thread that could
 * check in between costs 8 to 16 MB of resident memory (Node 20 to 26), more than it would save.
 */
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { type AnalysisResult, type AnalysisStep, analyze } from '../heap/analysis.js';
import { type MemoryShortage, memoryShortage } from '../heap/memory-bound.js';
import { systemClock, type Timer } from '../runtime/clock.js';
import { type AnalysisHeader, type AnalysisMessage, encodeMessage } from './analysis-message.js';

const FIRST_TO_KILL = '1000';
const SNAPSHOT_DESCRIPTOR = 3;
const LINE_FEED = 0x0a;
const BYTES_PER_KIB = 1024;
const MAX_INPUT_BYTES = 16 << 20;
/** How often memory is checked while the snapshot arrives. */
const TICK_MS = 100;

function stepBack(niceness: number): Promise<void> {
  for (const thread of threads()) {
    try {
      setPriority(thread, niceness);
    } catch {
      // A container may forbid it: then the analysis runs at the service's priority.
    }
  }
  return writeFile('/proc/self/oom_score_adj', FIRST_TO_KILL).catch(() => {
    // Not Linux, or not allowed: the kernel treats it like any process.
  });
}

/** On Linux each thread has its own priority, and V8's GC threads started before this code. Elsewhere 0, the process. */
function threads(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [0];
  }
}

interface Order {
  readonly header: AnalysisHeader;
  readonly previous: Uint8Array | null;
}

function parseOrder(input: Buffer): Order | null {
  const end = input.indexOf(LINE_FEED);
  if (end < 0) return null;
  const header = JSON.parse(input.toString('utf8', 0, end)) as AnalysisHeader;
  if (input.length < end + 1 + header.previousBytes) return null;
  const previous = input.subarray(end + 1, end + 1 + header.previousBytes);
  return { header, previous: header.previousBytes === 0 ? null : previous };
}

/** The order, as soon as it is whole; null when stdin ends or overflows first. */
function readOrder(parentGone: () => void): Promise<Order | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let taken = false;
    process.stdin.on('data', (chunk: Buffer) => {
      if (taken) return;
      chunks.push(chunk);
      bytes += chunk.length;
      const order = bytes > MAX_INPUT_BYTES ? null : parseOrder(Buffer.concat(chunks));
      if (order === null && bytes <= MAX_INPUT_BYTES) return;
      taken = true;
      chunks.length = 0;
      resolve(order);
    });
    const gone = () => {
      resolve(null);
      parentGone();
    };
    process.stdin.on('end', gone).on('error', gone);
  });
}

function send(message: AnalysisMessage): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(encodeMessage(message), () => resolve());
  });
}

/** Runs one analysis, and ends it early if it must not go on. */
class GuardedAnalysis {
  readonly #snapshot = new Socket({ fd: SNAPSHOT_DESCRIPTOR, readable: true, writable: false });
  readonly #stop = new AbortController();
  readonly #parentPid = process.ppid;
  #shortage: MemoryShortage | null = null;
  #timer: Timer | null = null;

  stop(): void {
    this.#timer?.cancel();
    this.#stop.abort();
    this.#snapshot.destroy();
  }

  async run({ header, previous }: Order): Promise<AnalysisResult> {
    const { memoryLimitBytes } = header;
    const input = { ...header, snapshot: this.#snapshot, previous };
    this.#watch(memoryLimitBytes);
    const result = await analyze(input, (step) => this.#enter(step, memoryLimitBytes), this.#stop.signal);
    // Before the result is sent: nothing may follow it.
    this.#timer?.cancel();
    if (result.outcome === 'failure' && this.#shortage !== null) return { ...result, cause: this.#shortage };
    return result;
  }

  /** Throws to end the analysis: the signal alone would be checked one step too late. */
  #enter(step: AnalysisStep, memoryLimitBytes: number): void {
    this.#check(memoryLimitBytes);
    if (process.ppid !== this.#parentPid) this.stop();
    this.#stop.signal.throwIfAborted();
    void send({ kind: 'progress', step });
  }

  #check(memoryLimitBytes: number): void {
    this.#shortage ??= memoryShortage(process.memoryUsage.rss(), memoryLimitBytes);
    if (this.#shortage !== null) this.stop();
  }

  /** Runs between the chunks of the snapshot only: later steps leave no turn to timers. */
  #watch(memoryLimitBytes: number): void {
    this.#timer = systemClock.after(TICK_MS, () => {
      this.#check(memoryLimitBytes);
      if (!this.#stop.signal.aborted) this.#watch(memoryLimitBytes);
    });
  }
}

async function main(): Promise<void> {
  const analysis = new GuardedAnalysis();
  // The reader is gone.
  process.stdout.on('error', () => analysis.stop());
  const order = await readOrder(() => analysis.stop());
  if (order !== null) {
    await stepBack(order.header.niceness);
    const result = await analysis.run(order);
    const { user, system } = process.cpuUsage();
    const peakRssBytes = process.resourceUsage().maxRSS * BYTES_PER_KIB;
    await send({ kind: 'result', result, cpuSeconds: (user + system) / 1e6, peakRssBytes });
  }
  analysis.stop();
  process.stdin.destroy();
}

await main();
