/**
 * Calls `handle` of the module named first, and writes a snapshot after each round into the folder named second; after
 * the last one also a sampled one. Where a number of rounds is named third, only the sampled one after so many rounds.
 */
import { writeHeapSnapshot } from 'node:v8';
import { work } from './background.js';
import { truncateHeap } from './truncate-heap.js';

const CALLS = 600;
const [module, folder, only] = process.argv.slice(2);
const rounds = Number(only ?? 3);
const { handle } = (await import(String(module))) as { handle(index: number): unknown };
let index = 0;
for (let round = 0; round < rounds; round++) {
  for (let call = 0; call < CALLS; call++) {
    work(index);
    await handle(index++);
  }
  // Let what was begun in this turn end before the heap is looked at.
  await new Promise((resolve) => setImmediate(resolve));
  if (only === undefined) write(`${round}`);
}
truncateHeap();
write(`${rounds - 1}.sampled`);
process.exit();

function write(name: string): void {
  writeHeapSnapshot(`${folder}/${name}.heapsnapshot`, { exposeNumericValues: true });
}
