import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import type { Report } from '../../src/index.js';
import { program, RunProgram } from './run-program.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-run-leak-'));
after(() => rmSync(folder, { recursive: true }));
const LEAK = [process.execPath, program('run-leak.mjs')];

describe('A program that leaks', { concurrency: true }, () => {
  it('ends a run with 1 when the leak is confirmed, and the run says what leaks', async () => {
    const json = join(folder, 'report.json');
    const run = new RunProgram(['--stop-on', 'confirmed', '--for=4m', '--json', json, '--', ...LEAK]);
    assert.equal(await run.ended, EXIT_CODES.growth, run.stderr + run.stdout);
    const [finding] = (JSON.parse(readFileSync(json, 'utf8')) as Report).findings;
    assert.equal(finding?.status, 'confirmed');
    assert.equal(finding?.className, 'Session');
    assert.match(
      run.stderr,
      /^leakwatch: \d:\d\d suspected: .*\bsessions\b.*\nleakwatch: \d:\d\d confirmed: .*\bsessions\b/m,
    );
    assert.match(
      run.stdout,
      /LEAK confirmed[\s\S]*held by .*\bsessions: Map\n[\s\S]*\n1 leak confirmed\.\n$/,
    );
  });

  it('ends it with 1 when the leak is suspected, where that is asked for', async () => {
    const run = new RunProgram([
      '--stop-on',
      'suspected',
      '--fail-on',
      'suspected',
      '--for=4m',
      '--',
      ...LEAK,
    ]);
    assert.equal(await run.ended, EXIT_CODES.growth, run.stderr + run.stdout);
    assert.match(run.stdout, /1 leak suspected; a longer run would confirm or clear this\.\n$/);
  });
});
