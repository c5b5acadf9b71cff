/** Leaks, and listens to its watcher with functions that fail. Prints what the watcher says once it found the leak and went on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from '../../../src/index.js';

class Session {
  readonly pages: string[];

  constructor(id: number) {
    this.pages = [`/start/${id}`, `/next/${id}`];
  }
}

const sessions = new Map<number, Session>();
const leak = setInterval(() => {
  for (let i = 0; i < 20; i++) sessions.set(sessions.size, new Session(sessions.size));
}, 20);

const lines: string[] = [];
const keep = (line: string) => void lines.push(line);
const watcher = await watch({
  pace: 'fast',
  stateDir: process.argv[2] ?? '.',
  logger: { warn: keep, info: keep, debug: () => {} },
});
let samples = 0;
let found = 0;
watcher.on('finding', async () => {
  throw new Error('an asynchronous listener fails');
});
watcher.on('finding', () => {
  throw new Error('a synchronous listener fails');
});
watcher.on('finding', () => {
  found += 1;
});
watcher.on('sample', () => {
  samples += 1;
});
while (found === 0) await sleep(20);
const samplesThen = samples;
while (samples <= samplesThen + 1) await sleep(20);
clearInterval(leak);
console.log(JSON.stringify({ report: watcher.report(), lines }));
await watcher.stop();
