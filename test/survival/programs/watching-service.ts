/** Watched by the package that is given, with `capture` as given: says which dumper it has and what came of the first capture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.js';
import { eventually } from '../../support/eventually.js';
import { say } from '../captures.js';

const [entry = '', mode = 'auto'] = process.argv.slice(2);
const { watch } = (await import(entry)) as typeof import('../../../src/index.js');
const { chooseDumper } = (await import(
  new URL('capture/choose-dumper.js', entry).href
)) as typeof import('../../../src/capture/choose-dumper.js');
const { reason } = chooseDumper(mode as 'auto' | 'fork', systemClock);
const lines: string[] = [];
const keep = (line: string): void => void lines.push(line);
const stateDir = mkdtempSync(join(tmpdir(), 'leakwatch-survival-'));
const watcher = await watch({
  pace: 'fast',
  capture: mode as 'auto' | 'fork',
  schedule: { capture: '* * * * * *' },
  stateDir,
  logger: { warn: keep, info: () => {}, debug: () => {} },
});
let samples = 0;
watcher.on('sample', () => {
  samples += 1;
});
const captured = await eventually('it has captured or cannot', () => {
  const { captures, dumper } = watcher.report().watcher;
  return dumper === 'none' ? samples > 3 : captures.some(({ outcome }) => outcome === 'success');
});
const { dumper, captures } = watcher.report().watcher;
await watcher.stop();
rmSync(stateDir, { recursive: true });
say({ dumper, reason, lines, captured, captures });
