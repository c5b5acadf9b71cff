// Runs compiled tests: `node scripts/test.mjs [--each-node] [folder or file …]`; without arguments all that do not take minutes,
// with --each-node what depends on the version of Node. With TEST_NO_SKIPS=1 a skipped test is named and fails the run.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LONG, ON_EACH_NODE } from './suites.mjs';

// Test files wait a third of their time, for programs and for clocks, so that three of them keep two cores busy.
const CONCURRENCY = 3;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  options: { 'each-node': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const asked = [...(values['each-node'] ? Object.keys(ON_EACH_NODE) : []), ...positionals.map(belowTest)];

const known = readdirSync(join(root, 'test'), { recursive: true })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts'))
  .sort();
const missing = asked.filter((prefix) => !known.some((file) => file.startsWith(prefix)));
if (missing.length > 0) {
  process.stderr.write(`no test file matches ${missing.join(' ')}\n`);
  process.exit(2);
}
const files = known
  .filter((file) =>
    asked.length === 0
      ? !LONG.some((folder) => file.startsWith(`${folder}/`))
      : asked.some((prefix) => file.startsWith(prefix)),
  )
  .map((file) => join(root, 'dist', 'test', file.replace(/\.ts$/, '.js')));

const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', `--test-concurrency=${CONCURRENCY}`, ...reporters(), ...files],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 2);

function belowTest(wanted) {
  return relative('test', join('test', wanted.replace(/^test\//, '')));
}

/** Whoever adds a reporter must name the usual one too, which Node 20 and 22 choose by whether a person watches. */
function reporters() {
  if (process.env.TEST_NO_SKIPS !== '1') return [];
  const usual = process.stdout.isTTY || Number.parseInt(process.versions.node, 10) >= 23 ? 'spec' : 'tap';
  return [
    ...[`--test-reporter=${usual}`, '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${join(root, 'scripts', 'forbid-skips.mjs')}`, '--test-reporter-destination=stderr'],
  ];
}
