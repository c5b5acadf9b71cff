/**
 * Entry of the analysis process. In: stdin (header line, previous series, then held open by the parent as a sign of
 * life) and descriptor 3 (the snapshot). Out: stdout, one message a line. It ends by itself when the result is written,
 * and when stdin ends before that: then the parent is gone.
 */
import { writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { analyze } from '../heap/analysis.js';
import { type AnalysisHeader, type AnalysisMessage, encodeMessage } from './analysis-message.js';

const LOWEST_PRIORITY = 19;
const FIRST_TO_KILL = '1000';
const SNAPSHOT_DESCRIPTOR = 3;
const LINE_FEED = 0x0a;
const BYTES_PER_KIB = 1024;
const MAX_INPUT_BYTES = 16 << 20;

function stepBack(): Promise<void> {
  try {
    setPriority(LOWEST_PRIORITY);
  } catch {
    // A container may forbid it: then the analysis runs at the service's priority.
  }
  return writeFile('/proc/self/oom_score_adj', FIRST_TO_KILL).catch(() => {
    // Not Linux, or not allowed: the kernel chooses as it does for any process.
  });
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

async function main(): Promise<void> {
  const stop = new AbortController();
  const snapshot = new Socket({ fd: SNAPSHOT_DESCRIPTOR, readable: true, writable: false });
  const parentGone = () => {
    stop.abort();
    snapshot.destroy();
  };
  // Nobody left to read what we say.
  process.stdout.on('error', parentGone);
  await stepBack();
  const order = await readOrder(parentGone);
  if (order !== null) {
    const result = await analyze(
      { snapshot, previous: order.previous, capturedAtMs: order.header.capturedAtMs },
      (step) => void send({ kind: 'progress', step }),
      stop.signal,
    );
    const { user, system } = process.cpuUsage();
    const peakRssBytes = process.resourceUsage().maxRSS * BYTES_PER_KIB;
    await send({ kind: 'result', result, cpuSeconds: (user + system) / 1e6, peakRssBytes });
  }
  snapshot.destroy();
  process.stdin.destroy();
}

await main();
