/** Tries to capture where that cannot be, and says what came of it. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { capture, childrenLeft, openDescriptors, say, smallObjects } from '../captures.js';

const kept = smallObjects(1000);
/** `--first`: after a capture that succeeded, and when the test says so. */
if (process.argv[2] === '--first') {
  say({ first: await capture('probe') });
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.destroy();
}
if (process.argv[2] === '--few-descriptors') await withFewDescriptors();
else await refused();

async function refused(): Promise<void> {
  const attempts = [];
  // No machine has as much as the analysis would take.
  const wishes = process.argv[2] === '--no-memory' ? { concurrentBytes: 2 ** 50 } : {};
  for (const rung of ['probe', 'census', 'sampled', 'full'] as const)
    attempts.push(await capture(rung, wishes));
  say({ attempts, left: existsSync('/proc/self') ? childrenLeft() : [], kept: kept.length });
}

/** With each count of free descriptors, from none to as many as a capture may need. */
async function withFewDescriptors(): Promise<void> {
  await capture('probe');
  const before = openDescriptors();
  const hoard: number[] = [];
  try {
    for (;;) hoard.push(openSync(devNull, 'r'));
  } catch {
    // All are taken.
  }
  const attempts = [];
  const leaked: number[] = [];
  for (let free = 0; free <= 16; free++) {
    attempts.push(await capture(free % 2 === 0 ? 'probe' : 'census'));
    closeSync(hoard.pop()!);
  }
  for (const descriptor of hoard) closeSync(descriptor);
  leaked.push(openDescriptors() - before);
  say({ attempts, leaked, afterwards: await capture('sampled'), left: childrenLeft() });
}
