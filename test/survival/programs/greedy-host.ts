/** Waits for any child all the time, so that others hardly ever learn how theirs ended; the addon's path is given. */
import { createRequire } from 'node:module';
import { type Capture, captureUntilDone, childrenLeft, openDescriptors, say } from '../captures.js';

const { waitForAll } = createRequire(import.meta.url)(process.argv[2] ?? '') as { waitForAll(): number };
await captureUntilDone('probe');
const before = openDescriptors();
let taken = 0;
const waiting = setInterval(() => {
  taken += waitForAll();
}, 1);
const captures: Capture[] = [];
for (const rung of ['probe', 'census', 'sampled', 'full', 'probe'] as const)
  captures.push(...(await captureUntilDone(rung)));
clearInterval(waiting);
say({ captures, taken, descriptors: openDescriptors() - before, left: childrenLeft() });
