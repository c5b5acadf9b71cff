/**
 * How long our engine takes from a file to the retained size of every node, and how much memory, compared with the
 * engines of Chrome DevTools and memlab: whole processes, one at a time, alternating. Writes docs/benchmarks-engine.md.
 * `node main.js [--rounds 5] [--sizes 50,250,1000] [--huge]`; files and the other engines are kept in `.build/engine`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatBytes } from '../../src/runtime/units.js';
import { multiplySnapshot } from './multiplied.js';
import { type EngineRun, enginePage } from './page.js';
import type { RunReport } from './run-report.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = join(ROOT, '.build', 'engine');
const RIVALS = join(FOLDER, 'rivals');
const MEMLAB = '@memlab/heap-analysis@2.0.5';
/** Bytes of a snapshot per order of the program that writes it, approximately. */
const BYTES_AN_ORDER = 1570;
const MB = 1e6;
/** Larger snapshots are multiplied from a smaller one: a real one would need ten times its size in the program. */
const LARGEST_REAL_MB = 250;
const HUGE_MB = 2000;
/** Above this size the other engines need minutes; one run is enough to show that. */
const MAX_RIVAL_MB = 400;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    sizes: { type: 'string', default: '50,250,1000' },
    huge: { type: 'boolean', default: false },
  },
});

async function makeFile(megabytes: number): Promise<string> {
  const file = join(FOLDER, `${megabytes}.heapsnapshot`);
  if (existsSync(file)) return file;
  console.log(`making a snapshot of about ${megabytes} MB`);
  if (megabytes <= LARGEST_REAL_MB) {
    const program = fileURLToPath(new URL('./orders.js', import.meta.url));
    const orders = Math.round((megabytes * MB) / BYTES_AN_ORDER);
    execFileSync(process.execPath, ['--max-old-space-size=8192', program, `${file}.part`, String(orders)]);
  } else {
    const one = await makeFile(50);
    await multiplySnapshot(one, `${file}.part`, Math.round((megabytes * MB) / statSync(one).size));
  }
  renameSync(`${file}.part`, file);
  return file;
}

function installMemlab(): void {
  if (existsSync(join(RIVALS, 'node_modules', '@memlab'))) return;
  mkdirSync(RIVALS, { recursive: true });
  writeFileSync(join(RIVALS, 'package.json'), '{"private":true}');
  console.log(`installing ${MEMLAB}`);
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', MEMLAB], {
    cwd: RIVALS,
    stdio: 'ignore',
  });
}

async function run(engine: string, file: string): Promise<EngineRun> {
  const program = fileURLToPath(new URL(`./${engine}.js`, import.meta.url));
  // The other engines keep much on V8's heap; the default limit would end them regardless of their speed.
  const options = engine === 'leakwatch' ? [] : ['--max-old-space-size=16384'];
  const begin = performance.now();
  const child = spawn(process.execPath, [...options, program, file, RIVALS], {
    // memlab prints its progress there.
    stdio: ['ignore', 'pipe', engine === 'memlab' ? 'ignore' : 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = await once(child, 'close');
  const ms = performance.now() - begin;
  const line = text.trim().split('\n').at(-1) ?? '';
  if (code !== 0) return { engine, file, ms, report: null };
  return { engine, file, ms, report: JSON.parse(line) as RunReport };
}

mkdirSync(FOLDER, { recursive: true });
installMemlab();
const sizes = [...values.sizes.split(',').map(Number), ...(values.huge ? [HUGE_MB] : [])];
const runs: EngineRun[] = [];
for (const size of sizes) {
  const file = await makeFile(size);
  // Read once beforehand, so that the first engine does not pay for the disk.
  await run('leakwatch', file);
  const rounds = size > MAX_RIVAL_MB ? 1 : Number(values.rounds);
  const engines = size >= HUGE_MB ? ['leakwatch'] : ['leakwatch', 'devtools', 'memlab'];
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      const result = await run(engine, file);
      runs.push(result);
      const memory = result.report === null ? 'failed' : formatBytes(result.report.peakRssBytes);
      console.log(`${size} MB  ${engine.padEnd(9)} ${(result.ms / 1000).toFixed(2)} s  ${memory}`);
    }
  }
}
const page = enginePage(runs, (file) => statSync(file).size);
writeFileSync(join(ROOT, 'docs', 'benchmarks-engine.md'), page);
console.log(page);
