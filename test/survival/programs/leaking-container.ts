/** A service of 150 MB of small objects that leaks some more each second, watched as any service is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { watch } from '../../../src/index.js';
import { childrenLeft, say } from '../captures.js';

const MIB = 2 ** 20;
const START = 820_000;
const PER_TICK = 25;

class Visit {
  readonly path: string;
  readonly at: number;
  readonly by: { readonly visitor: number };

  constructor(visitor: number) {
    this.path = `/visitors/${visitor}`;
    this.at = visitor + 0.5;
    this.by = { visitor };
  }
}

/** It forgets nobody. */
class VisitLog {
  readonly visits: Visit[] = [];
}

const app = { locals: { log: new VisitLog() } };
(globalThis as Record<string, unknown>)['app'] = app;
visit(START);
const leaking = setInterval(() => visit(PER_TICK), 50);

function visit(times: number): void {
  const { visits } = app.locals.log;
  for (let count = 0; count < times; count++) visits.push(new Visit(visits.length));
}

let [latestMs, longestMs] = [performance.now(), 0];
const measuring = setInterval(() => {
  longestMs = Math.max(longestMs, performance.now() - latestMs - 5);
  latestMs = performance.now();
}, 5);

const stateDir = mkdtempSync(join(tmpdir(), 'leakwatch-survival-'));
const watcher = await watch({ pace: 'fast', stateDir });
const began = performance.now();
watcher.on('capture', (latest) => say({ latest }));
watcher.on('finding', ({ status, title }) => say({ finding: status, title }));
const confirmed = await new Promise((resolve) => {
  watcher.on('finding', (finding) => {
    if (finding.status === 'confirmed') resolve(finding);
  });
});
const seconds = Math.round((performance.now() - began) / 1000);
clearInterval(leaking);
clearInterval(measuring);
const { captures } = watcher.report().watcher;
await watcher.stop();
rmSync(stateDir, { recursive: true });
const heapMb = Math.round(getHeapStatistics().used_heap_size / MIB);
const rssMb = Math.round(process.memoryUsage.rss() / MIB);
say({ confirmed, seconds, captures, heapMb, rssMb, longestMs, left: childrenLeft() });
