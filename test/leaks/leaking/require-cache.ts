/** A plug-in is loaded again for every job by clearing the cache of `require`; its parent lists all of them as children. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repeat } from '../load.js';

const require = createRequire(import.meta.url);
const plugin = join(mkdtempSync(join(tmpdir(), 'leaking-')), 'plugin.cjs');
const rules = Array.from(
  { length: 150 },
  (_, index) => `{ id: 'rule-${index}', weight: ${index}, hits: [] }`,
);
writeFileSync(
  plugin,
  `exports.rules = [${rules.join(',')}];\nexports.run = (job) => exports.rules.length + job;\n`,
);

repeat(8, (job) => {
  delete require.cache[plugin];
  return (require(plugin) as { run(job: number): number }).run(job);
});
