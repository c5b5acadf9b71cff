import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { generatedFiles } from './generated-files.js';

// Writes the generated files; with `--check` only compares, and ends with 1 when one is out of date.
const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const check = process.argv.includes('--check');

for (const [path, content] of generatedFiles()) {
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
