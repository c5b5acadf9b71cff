/** Stops its watcher while a capture is being analysed, and has nothing else to live for. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from '../../../src/index.js';

const watcher = await watch({
  pace: 'fast',
  schedule: { capture: '* * * * * *' },
  stateDir: process.argv[2] ?? '.',
});
const outcomes: string[] = [];
watcher.on('capture', ({ outcome }) => outcomes.push(outcome));
while (readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim() === '') await sleep(5);
await watcher.stop();
console.log(`stopped: ${outcomes.join()}`);
