/** Watches itself and forces full collections: with little, with much and with little memory held again. Prints their samples. Needs --expose-gc. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeapSample, watch } from '../../../src/index.js';

const HELD = 100_000;

const watcher = await watch({ capture: 'off', stateDir: process.argv[2] ?? '.' });
const fullCollections: HeapSample[] = [];
watcher.on('sample', (sample) => {
  if (sample.gc?.kind === 'major') fullCollections.push(sample);
});

/** The sample of the collection that ends now. */
async function collect(): Promise<HeapSample> {
  const from = performance.now();
  globalThis.gc?.();
  for (;;) {
    const found = fullCollections.find(({ monotonicMs }) => monotonicMs >= from);
    if (found !== undefined) return found;
    await sleep(5);
  }
}

const before = await collect();
let held: object[] = Array.from({ length: HELD }, (_, i) => ({ i, name: `object ${i}`, parts: [i, i + 1] }));
const during = await collect();
const { liveBytes } = watcher.report().heap;
const count = held.length;
held = [];
const after = await collect();
console.log(JSON.stringify({ before, during, after, liveBytes, count }));
await watcher.stop();
