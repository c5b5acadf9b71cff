/** Calls `handle` of the module named first, and writes a snapshot after each round into the folder named second. */
import { writeHeapSnapshot } from 'node:v8';
import { work } from './background.js';

const ROUNDS = 3;
const CALLS = 600;
const [module, folder] = process.argv.slice(2);
const { handle } = (await import(String(module))) as { handle(index: number): unknown };
let index = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (let call = 0; call < CALLS; call++) {
    work(index);
    await handle(index++);
  }
  // Let what was begun in this turn end before the heap is looked at.
  await new Promise((resolve) => setImmediate(resolve));
  writeHeapSnapshot(`${folder}/${round}.heapsnapshot`, { exposeNumericValues: true });
}
process.exit();
