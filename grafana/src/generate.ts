import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedFiles } from './generated-files.js';

// Writes the generated files. `--check` only compares them, and exits with 1 if one is out of date. `--runbooks URL` makes
// the alerts link to the runbooks at that address.
const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const { check, runbooks } = parseArgs({
  options: { check: { type: 'boolean' }, runbooks: { type: 'string' } },
}).values;

for (const [path, content] of generatedFiles(runbooks)) {
  const file = join(root, path);
  const present = await readFile(file, 'utf8').catch(() => null);
  if (present === content) continue;
  if (check) {
    console.error(`${path} is out of date; run npm run generate`);
    process.exitCode = 1;
  } else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    console.log(`wrote ${path}`);
  }
}
