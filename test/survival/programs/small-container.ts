/** A service of 50 MB of small objects that captures itself again and again: as the watcher would, and against its advice. */
import { getHeapStatistics } from 'node:v8';
import { InlineDumper } from '../../../src/capture/inline-dumper.js';
import { readMemoryLimit } from '../../../src/host/memory-limit.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { memoryAllotment } from '../../../src/trigger/memory-allotment.js';
import { type Capture, captureUntilDone, childrenLeft, dumperOf, say, smallObjects } from '../captures.js';

const MIB = 2 ** 20;
const kept = smallObjects(450_000);
const heapBytes = getHeapStatistics().used_heap_size;
say({ heapMb: Math.round(heapBytes / MIB) });
if (process.argv[2] === '--in-process') await captureInProcess();
else await captureTimes(Number(process.argv[2]));

async function captureInProcess(): Promise<void> {
  const { Writable } = await import('node:stream');
  const outcome = await new InlineDumper(systemClock).dump({
    level: 'full',
    receiver: {
      stream: () => new Writable({ write: (_chunk, _encoding, done) => done() }),
      pipe: () => {},
    },
    heapBytes,
    concurrentBytes: 0,
    niceness: 19,
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    paused: () => {},
  });
  say({ outcome, kept: kept.length });
}

async function captureTimes(times: number): Promise<void> {
  const captures: Capture[] = [];
  let refused = 0;
  for (let time = 0; time < times; time++) {
    const rung = time % 5 === 0 ? 'full' : 'sampled';
    const byV8 = time % 10 === 0;
    const situation = { ...readMemoryLimit(), concurrentBytes: 0 };
    const needed = dumperOf(byV8).predict(rung, heapBytes).memoryBytes;
    // Every other one is taken though there is too little memory for it.
    if (time % 2 === 1 && needed > memoryAllotment(situation)) refused += 1;
    else captures.push(...(await captureUntilDone(rung, { byV8 })));
  }
  const rssMb = Math.round(process.memoryUsage.rss() / MIB);
  say({ captures, refused, rssMb, left: childrenLeft(), kept: kept.length });
}
