/** Captures itself by every rung while it is busy with what it is told, and says how that went. */
import { threadId } from 'node:worker_threads';
import { eventually } from '../../support/eventually.js';
import { BUSY_WAYS } from '../busy-ways.js';
import { type Capture, capture, captureUntilDone, childrenLeft, openDescriptors, say, smallObjects } from '../captures.js';

const way = process.argv[2] as keyof typeof BUSY_WAYS;
const kept = smallObjects(20_000);
await capture('probe');
const before = openDescriptors();
const business = await BUSY_WAYS[way]();
await eventually('it is busy', () => business.done() > 0);

const captures: Capture[] = [];
let idle = 0;
for (const rung of ['probe', 'sampled', 'census', 'probe', 'full', 'sampled', 'probe', 'census', 'probe'] as const) {
  const done = business.done();
  captures.push(...(await captureUntilDone(rung)));
  await eventually('it does something after the capture', () => business.done() > done);
  idle += business.done() === done ? 1 : 0;
}

const problems = [...(await business.stop())];
await eventually('its descriptors are those it had', () => openDescriptors() <= before);
say({ captures, problems, idle, left: childrenLeft(), thread: threadId, kept: kept.length });
