// Opens files until the system refuses, keeps them for as long as a capture may take to be tried, and ends.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

await sleep(3000);
const held = [];
try {
  for (;;) held.push(openSync('/dev/null'));
} catch {
  // EMFILE: none is left.
}
await sleep(9000);
for (const descriptor of held) closeSync(descriptor);
