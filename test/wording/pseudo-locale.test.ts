import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const COMPILED = fileURLToPath(new URL('../', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../../test/', import.meta.url));
const PSEUDO_LOCALE = new URL('../support/pseudo-locale.js', import.meta.url).href;

/** What finds and judges. Left out: tests of sentences, and those whose programs run without the changed wording. */
const DETECTION =
  /^(findings|heap\/(growth|limits|naming|uniting|suspects|sites)|mechanisms|trend|trigger|daemon\/daemon)\b/;
const LEFT_OUT = /outside-programs/;

const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts') && DETECTION.test(file) && !LEFT_OUT.test(file))
  .map((file) => file.replace(/\.ts$/, '.js'));

/** The last lines of a run of `node --test`, and whether it passed. */
async function run(files: readonly string[]): Promise<{ readonly passed: boolean; readonly output: string }> {
  // A run within a run would skip all tests.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ['--import', PSEUDO_LOCALE, '--test', '--test-reporter', 'tap', '--test-concurrency=2'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...options, ...files], {
      cwd: COMPILED,
      env,
      maxBuffer: 2 ** 27,
    });
    return { passed: true, output: stdout };
  } catch (error) {
    return { passed: false, output: String((error as { stdout?: string }).stdout ?? error) };
  }
}

describe('What decides', () => {
  it('compares values and never words: its tests pass with every wording changed', async () => {
    assert.ok(FILES.length > 20, `only ${FILES.length} files`);
    const { passed, output } = await run(FILES);
    const failures = output.split('\n').filter((line) => /^\s*not ok/.test(line));
    assert.ok(passed, failures.join('\n') || output.slice(-2000));
    assert.match(output, /^# pass [1-9]\d\d/m);
  });

  it('would fail if words were compared: the sentences of this room are others then', async () => {
    const { passed } = await run(['wording/reason-text.test.js']);
    assert.equal(passed, false);
  });
});
