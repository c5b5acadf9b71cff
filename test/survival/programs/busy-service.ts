/** Captures itself by every rung while it is busy with what its argument names, and reports how that went. */
import { eventually } from '../../support/eventually.js';
import { BUSY_WAYS } from '../busy-ways.js';
import {
  type Capture,
  capture,
  captureUntilDone,
  childrenLeft,
  openDescriptors,
  say,
  smallObjects,
} from '../captures.js';

const way = process.argv[2] as keyof typeof BUSY_WAYS;
const kept = smallObjects(20_000);
await capture('probe');
const before = openDescriptors();
const business = await BUSY_WAYS[way]();
await eventually('it is busy', () => business.done() > 0);

const captures: Capture[] = [];
for (const rung of ['probe', 'sampled', 'census', 'full', 'probe'] as const) {
  const done = business.done();
  captures.push(...(await captureUntilDone(rung)));
  await eventually('it does something after the capture', () => business.done() > done);
}

const problems = [...(await business.stop())];
await eventually('its descriptors are those it had', () => openDescriptors() <= before);
say({ captures, problems, left: childrenLeft(), kept: kept.length });
