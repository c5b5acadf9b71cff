/**
 * Captures itself as many times in a row as its argument says (500 by default) while it allocates, serves and starts programs,
 * and prints what came of it: `node dist/test/survival/programs/churn.js [TIMES] [--json]`.
 */
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { CaptureLevel } from '../../../src/capture/capture-record.js';
import { eventually } from '../../support/eventually.js';
import { BUSY_WAYS } from '../busy-ways.js';
import { type Capture, capture, childrenLeft, openDescriptors, say, smallObjects } from '../captures.js';

const MIB = 2 ** 20;
const WARM_UP = 8;
const times = Number(process.argv[2] ?? 500);

/** Garbage of all ages: most dies young, some after a while, and some stays. */
function churn(): { stop(): void } {
  const stays = smallObjects(20_000);
  const rounds: object[][] = [];
  const timer = setInterval(() => {
    rounds.push(smallObjects(3000));
    if (rounds.length > 30) rounds.splice(0, 20);
    stays[rounds.length] = { kept: rounds.length };
  }, 10);
  return { stop: () => clearInterval(timer) };
}

/** Mostly probes; one in ten counts classes, one in ten holds a graph. */
function rungOf(time: number): CaptureLevel {
  if (time % 10 === 4) return 'census';
  if (time % 10 === 9) return time % 100 === 99 ? 'full' : 'sampled';
  return 'probe';
}

/** Bytes of private anonymous memory that children inherit: none of it is V8's, as long as no capture spoils that. */
function inherited(): number {
  let [all, bytes] = [0, 0];
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const mapping = /^([0-9a-f]+)-([0-9a-f]+) ...p \S+ \S+ 0 *$/.exec(line);
    if (mapping) bytes = Number.parseInt(mapping[2]!, 16) - Number.parseInt(mapping[1]!, 16);
    else if (/^[0-9a-f]+-/.test(line)) bytes = 0;
    if (line.startsWith('VmFlags:') && !line.includes(' dc')) all += bytes;
  }
  return all;
}

const churning = churn();
const businesses = [await BUSY_WAYS.sockets(), await BUSY_WAYS.timers()];
for (let time = 0; time < WARM_UP; time++) await capture(rungOf(time));
const before = {
  descriptors: openDescriptors(),
  inherited: inherited(),
};
const captures: Capture[] = [];
let settledRss = 0;
let longestStallMs = 0;
let turnedMs = performance.now();
const turning = setInterval(() => {
  longestStallMs = Math.max(longestStallMs, performance.now() - turnedMs - 2);
  turnedMs = performance.now();
}, 2);
const fromMs = performance.now();
let [mostDescriptors, mostChildren] = [0, 0];
for (let time = 0; time < times; time++) {
  captures.push(await capture(rungOf(time)));
  // By then its garbage has been of all ages.
  if (time <= times / 3) settledRss = Math.max(settledRss, process.memoryUsage.rss());
  mostDescriptors = Math.max(mostDescriptors, openDescriptors());
  mostChildren = Math.max(mostChildren, childrenLeft().length);
}
const seconds = (performance.now() - fromMs) / 1000;
clearInterval(turning);
const served = businesses.map((business) => business.done());
const problems = (await Promise.all(businesses.map((business) => business.stop()))).flat();
churning.stop();
// What was served closes its connections in its own time.
await eventually('the descriptors are no more than before', () => openDescriptors() <= before.descriptors);

const report = {
  times,
  seconds: Math.round(seconds),
  outcomes: count(captures.map(({ failure, outcome }) => failure?.cause ?? outcome)),
  rungs: count(captures.map(({ rung }) => rung)),
  shareRetried: captures.filter(({ retries }) => retries > 0).length / times,
  mostRetries: Math.max(...captures.map(({ retries }) => retries)),
  pauseMs: { median: quantile(0.5), p99: quantile(0.99), longest: quantile(1) },
  longestStallMs: Math.round(longestStallMs),
  served: served[0] ?? 0,
  problems,
  descriptorsGained: openDescriptors() - before.descriptors,
  mostDescriptors: mostDescriptors - before.descriptors,
  left: childrenLeft(),
  mostChildren,
  rssGrownMb: Math.round((process.memoryUsage.rss() - settledRss) / MIB),
  inheritedGrownMb: Math.round((inherited() - before.inherited) / MIB),
  heapMb: Math.round(getHeapStatistics().total_heap_size / MIB),
};
if (process.argv.includes('--json')) say(report);
else console.log(report);

function quantile(part: number): number {
  const pauses = captures.map(({ pauseMs }) => pauseMs).sort((a, b) => a - b);
  return Math.round((pauses[Math.ceil(part * (pauses.length - 1))] ?? 0) * 10) / 10;
}

function count(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
