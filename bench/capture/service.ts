/**
 * The captured service: `node --expose-gc service.js MEGABYTES`, an HTTP server with a heap of about that size. The
 * first line of stdout is a `ServiceReady`; every message is a `ServiceOrder` and is answered with `WindowFigures`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { startAnalysis } from '../../src/analysis/analysis-client.js';
import type { CaptureLevel, CaptureRecord } from '../../src/capture/capture-record.js';
import { ForkDumper } from '../../src/capture/fork-dumper.js';
import type { DumpSuccess, HeapDumper } from '../../src/capture/heap-dumper.js';
import { InlineDumper } from '../../src/capture/inline-dumper.js';
import { runCapture } from '../../src/daemon/capture-run.js';
import { loadBinding, type NativeBinding } from '../../src/native/binding.js';
import { systemClock } from '../../src/runtime/clock.js';
import { type ForkFigures, ForkStopwatch } from './fork-figures.js';
import { type LoopFigures, LoopMeter } from './loop-meter.js';
import { SmallObjects } from './small-objects.js';
import { monotonicMs, type Window } from './window.js';

export interface ServiceReady {
  readonly url: string;
  readonly heapBytes: number;
}

/** `v8`: as `fork`, but V8's generator writes full graphs. */
type ServiceDumper = 'fork' | 'v8' | 'inline';

export type ServiceOrder =
  /** A window without a capture. */
  | { readonly order: 'rest'; readonly ms: number }
  | { readonly order: 'capture'; readonly dumper: ServiceDumper; readonly rung: CaptureLevel };

interface CaptureFigures {
  readonly record: CaptureRecord;
  /** Without the analysis, bytes; estimated by the dumper. */
  readonly dumpPeakBytes: number;
  readonly dumpCpuSeconds: number;
  /** One entry per child; the last is the one that succeeded. */
  readonly forks: readonly ForkFigures[];
  /** Time the service's thread took to start the analysis process, milliseconds. */
  readonly analysisStartMs: number;
}

export interface WindowFigures {
  readonly window: Window;
  readonly loop: LoopFigures;
  /** Of the service's process during the window, user and system. */
  readonly cpuSeconds: number;
  /** Null for a window without a capture. */
  readonly capture: CaptureFigures | null;
}

/** A full capture at the lowest priority may take this long on a busy machine. */
const TIMEOUT_MS = 20 * 60 * 1000;

const [megabytes] = process.argv.slice(2);
const collect = globalThis.gc ?? (() => {});
const orders = new SmallObjects(Number(megabytes) * 1e6, () => getHeapStatistics().used_heap_size);
collect();
const stopwatch = new ForkStopwatch();
const binding = stopwatch.binding(requireBinding());
const byV8: NativeBinding = { ...binding, prepareGraph: async () => 'nothing, but V8 is to be measured' };
const dumpers: Readonly<Record<ServiceDumper, HeapDumper>> = {
  fork: new ForkDumper(binding, systemClock),
  v8: new ForkDumper(byV8, systemClock),
  inline: new InlineDumper(systemClock),
};

const server = createServer((request, response) => {
  const body = JSON.stringify(orders.visit(request.url ?? '/'));
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const heapBytes = getHeapStatistics().used_heap_size;
  const ready: ServiceReady = { url: `http://127.0.0.1:${port}`, heapBytes };
  console.log(JSON.stringify(ready));
});
const meter = new LoopMeter();
process.on('message', (message) => void obey(message as ServiceOrder));
process.on('disconnect', () => process.exit());

async function obey(order: ServiceOrder): Promise<void> {
  const before = process.cpuUsage();
  meter.begin();
  const fromMs = monotonicMs();
  const capture = order.order === 'rest' ? await rest(order.ms) : await take(order);
  // One more turn, so that a stall of this one is seen.
  await rest(5);
  const loop = meter.end();
  const { user, system } = process.cpuUsage(before);
  const window = { fromMs, toMs: monotonicMs() };
  process.send?.({ window, loop, cpuSeconds: (user + system) / 1e6, capture } satisfies WindowFigures);
}

function rest(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null));
}

async function take({ dumper, rung }: Extract<ServiceOrder, { order: 'capture' }>): Promise<CaptureFigures> {
  stopwatch.begin();
  let dump: DumpSuccess | null = null;
  const { record } = await runCapture({
    dumper: dumpers[dumper],
    startAnalysis: stopwatch.analysis((options) => {
      meter.mark();
      return startAnalysis(options);
    }),
    clock: systemClock,
    level: rung,
    trigger: 'demand',
    heapBytes: getHeapStatistics().used_heap_size,
    concurrentBytes: 0,
    niceness: 19,
    previous: null,
    timeoutMs: TIMEOUT_MS,
    signal: new AbortController().signal,
    paused() {},
    dumped: (success) => {
      dump = success;
    },
  });
  const { peakBytes = 0, cpuSeconds = 0 } = (dump as DumpSuccess | null) ?? {};
  const { forks, analysisStartMs } = stopwatch;
  return { record, dumpPeakBytes: peakBytes, dumpCpuSeconds: cpuSeconds, forks, analysisStartMs };
}

function requireBinding() {
  const { binding: found, reason } = loadBinding();
  if (found === null) throw new Error(`nothing to measure: ${reason}`);
  return found;
}
