import { createBuiltInSource } from '../../../src/sampling/built-in-source.js';
import { collectYoung, objects } from './collect.js';

/** A service whose turns have several collections each, and none of them a full one, with the source listening. */
let cycles = 0;
const source = createBuiltInSource('test');
const turn = async (): Promise<void> => {
  for (let cycle = 0; cycle < 4; cycle++) {
    objects(2_000);
    collectYoung();
  }
  await new Promise((resolve) => setImmediate(resolve));
};
source.start((batch) => {
  cycles += batch.length;
});
for (let warmUp = 0; warmUp < 20; warmUp++) await turn();
const before = process.memoryUsage().rss;
for (let round = 0; round < 200; round++) await turn();
const grownBytes = process.memoryUsage().rss - before;
source.stop();
console.log(JSON.stringify({ grownBytes, cycles }));
