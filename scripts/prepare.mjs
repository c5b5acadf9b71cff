// Installs and builds what is missing, so that `npm start` and `npm test` work on a fresh clone, and returns at once where nothing is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const minimum = [20, 19];
const lock = join(root, 'package-lock.json');
const stamp = join(root, 'node_modules', '.leakwatch-installed');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
  fail(`leakwatch needs Node ${minimum.join('.')} or newer, and this is ${process.version}.`);
}

// Native addons are compiled for one ABI, so another Node version installs again, from nothing.
const wanted = createHash('sha256')
  .update(readFileSync(lock))
  .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
  .digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') === wanted : installedByHand();
if (!installed) {
  step(
    'installing packages',
    ...npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']),
  );
}
writeFileSync(stamp, wanted);
// Says itself what it does, and nothing when it has nothing to do.
const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build-native.mjs')], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (status !== 0) fail('leakwatch: the addon could not be compiled.');
step('building', process.execPath, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '--project',
  root,
]);

/** Whether someone ran `npm ci` after the lock file was checked out: npm's own record of it is newer. */
function installedByHand() {
  const record = join(root, 'node_modules', '.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs > statSync(lock).mtimeMs;
}

function step(what, command, args) {
  const from = performance.now();
  process.stderr.write(`leakwatch: ${what} … `);
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    process.stderr.write('failed\n');
    fail(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`);
  }
  process.stderr.write(`done (${((performance.now() - from) / 1000).toFixed(1)} s)\n`);
}

/** npm passes its own place to the scripts that it runs; otherwise it is on the path. */
function npm(args) {
  const program = process.env.npm_execpath;
  return program?.endsWith('npm-cli.js') ? [process.execPath, [program, ...args]] : ['npm', args];
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
