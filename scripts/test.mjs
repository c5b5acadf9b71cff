// Runs the compiled tests: `node scripts/test.mjs [folder or file …]`, by default everything but test/e2e, test/leaks and test/survival, which take minutes.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, 'dist', 'test');
const asked = process.argv.slice(2);

const files = readdirSync(join(root, 'test'), { recursive: true })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) =>
    asked.length === 0
      ? !/^(e2e|leaks|survival)\//.test(file)
      : asked.some((wanted) =>
          file.startsWith(relative('test', join('test', wanted.replace(/^test\//, '')))),
        ),
  )
  .sort()
  .map((file) => join(compiled, file.replace(/\.ts$/, '.js')));
if (files.length === 0) {
  process.stderr.write(`no test file matches ${asked.join(' ')}\n`);
  process.exit(2);
}

const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-concurrency=2', ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exit(status ?? 2);
