/** Measures how late its timers come, without and with captures. */
import { type Capture, captureUntilDone, childrenLeft, holdCapture, say, smallObjects } from '../captures.js';

const EVERY_MS = 10;
const kept = smallObjects(60_000);

/** Mean time between two turns of a timer while `work` is done, milliseconds. */
async function measure(work: () => Promise<unknown>): Promise<number> {
  const fromMs = performance.now();
  let turns = 0;
  let sum = 0;
  const timer = setInterval(() => {
    turns += 1;
    // The service has something to do itself.
    for (let index = 0; index < 20_000; index++) sum += index % 3;
  }, EVERY_MS);
  await work();
  clearInterval(timer);
  return sum < 0 ? 0 : (performance.now() - fromMs) / Math.max(1, turns);
}

const alone = await measure(() => new Promise((resolve) => setTimeout(resolve, 2000)));
const captures: Capture[] = [];
const captured = await measure(async () => {
  for (const rung of ['probe', 'sampled', 'census', 'full'] as const)
    captures.push(...(await captureUntilDone(rung)));
});
say({ alone, captured, captures, left: childrenLeft() });
const held = await holdCapture();
say({ holding: held.childPid, kept: kept.length });
