// A reporter for `node --test`: fails the run for each test that was skipped, and says which and why.
import { relative } from 'node:path';

export default async function* forbidSkips(events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.skip === undefined) continue;
    process.exitCode = 1;
    const where = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)})`;
    const why = typeof data.skip === 'string' ? `: ${data.skip}` : '';
    yield `Skipped, which TEST_NO_SKIPS forbids: ${data.name}${where}${why}\n`;
  }
}
