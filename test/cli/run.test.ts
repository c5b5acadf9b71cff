import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import type { Report } from '../../src/index.js';
import { program, RunProgram, runs } from './run-program.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-run-test-'));
after(() => rmSync(folder, { recursive: true }));
const NODE = process.execPath;
const STRIP_TYPES = '--experimental-strip-types';
const TOP_LEVEL = ['schemaVersion', 'process', 'watcher', 'heap', 'findings'];
const TOO_SHORT =
  /No leak found in \d+ s, which is too short: confirming one takes about 75 s at the pace 'fast'\.\n$/;

function readReport(file: string): Report & { readonly processes?: readonly Report[] } {
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('leakwatch run', () => {
  it('watches a CommonJS program for the time given, asks it to end, and says that it was too short to tell', async () => {
    const run = new RunProgram(['--for', '8s', '--', NODE, program('run-steady.cjs')]);
    const [pid] = await run.up();
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /no leak found so far/);
    assert.match(run.stdout, /was asked to end after \d+ s and ended by SIGTERM\.\n/);
    assert.match(run.stdout, TOO_SHORT);
    assert.match(run.stderr, /^leakwatch: running '.*run-steady\.cjs' for 8 s\n/);
    assert.ok(!runs(pid!));
  });

  it('writes the report of the contract, and nothing more, where one process was watched', async () => {
    const json = join(folder, 'one.json');
    writeFileSync(json, 'of an earlier run');
    const run = new RunProgram(['--json', json, '--', NODE, program('run-steady.cjs'), 'once']);
    const [pid] = await run.up();
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /ended by itself after \d+ s with exit code 0\.\n/);
    const report = readReport(json);
    assert.deepEqual(Object.keys(report), TOP_LEVEL);
    assert.equal(report.schemaVersion, 1);
    assert.equal(report.process.pid, pid);
    assert.equal(report.watcher.pace, 'fast');
    assert.deepEqual(report.findings, []);
  });

  it('leaves standard output to the JSON where that goes there', async () => {
    const run = new RunProgram([
      '--json=-',
      '--pace=production',
      '--',
      'node',
      program('run-steady.cjs'),
      'once',
    ]);
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    const report = JSON.parse(run.stdout) as Report;
    assert.deepEqual(Object.keys(report), TOP_LEVEL);
    assert.equal(report.watcher.pace, 'production');
    assert.match(run.stderr, /^up \d+$/m);
    assert.match(run.stderr, /which is too short: confirming one takes/);
  });

  it('watches the program below npm, and not npm', async () => {
    const cwd = join(folder, 'with blanks');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'app.cjs'), readFileSync(program('run-steady.cjs')));
    writeFileSync(join(cwd, 'package.json'), '{"scripts":{"start":"node app.cjs"}}');
    const run = new RunProgram(['--json', 'report.json', '--', 'npm', 'start'], {}, cwd);
    const [pid] = await run.up();
    assert.deepEqual(await run.watching(), [pid]);
    assert.equal(await run.interrupt('SIGTERM'), EXIT_CODES.clean, run.said);
    const report = readReport(join(cwd, 'report.json'));
    assert.equal(report.process.pid, pid);
    assert.ok(!('processes' in report));
  });

  it('watches every process of a cluster, and has the reports of all', async () => {
    const json = join(folder, 'cluster.json');
    const run = new RunProgram(['--json', json, '--', NODE, program('run-cluster.cjs')]);
    const pids = await run.up(3);
    assert.deepEqual([...(await run.watching(3))].sort(), [...pids].sort());
    assert.equal(await run.interrupt('SIGTERM'), EXIT_CODES.clean, run.said);
    const { processes, ...worst } = readReport(json);
    const reported = [worst, ...processes!].map((report) => report.process.pid);
    assert.deepEqual(reported.sort(), [...pids].sort());
    assert.deepEqual(Object.keys(worst), TOP_LEVEL);
    assert.equal([...run.stdout.matchAll(/^process \d+, watched for \d+ s: no leak found; /gm)].length, 2);
  });

  it('keeps NODE_OPTIONS and the variables of the user', async () => {
    const json = join(folder, 'options.json');
    const required = join(folder, 'required.cjs');
    writeFileSync(required, "console.log('required', process.env.LEAKWATCH_CAPTURE)");
    const run = new RunProgram(['--json', json, '--', NODE, program('run-steady.cjs'), 'once'], {
      NODE_OPTIONS: `--require=${required}`,
      LEAKWATCH_CAPTURE: 'off',
      LEAKWATCH_PACE: 'production',
    });
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /^required off$/m);
    const { watcher } = readReport(json);
    assert.equal(watcher.dumper, 'none');
    assert.equal(watcher.pace, 'production');
  });

  if (process.allowedNodeEnvironmentFlags.has(STRIP_TYPES)) {
    it('runs TypeScript where Node does', async () => {
      const run = new RunProgram(['--', NODE, STRIP_TYPES, program('run-typed.ts')]);
      await run.up();
      assert.equal(await run.ended, EXIT_CODES.clean, run.said);
      assert.match(run.stdout, TOO_SHORT);
    });
  }

  it('leaves no folder of its own behind', async () => {
    const temporary = mkdtempSync(join(folder, 't'));
    const run = new RunProgram(['--', NODE, program('run-steady.cjs'), 'once'], { TMPDIR: temporary });
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    assert.deepEqual(readdirSync(temporary), []);
  });
});

describe('The end of a run', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`passes ${signal} on, and reports when the program has ended`, async () => {
      const run = new RunProgram(['--', NODE, program('run-steady.cjs')]);
      await run.up();
      assert.equal(await run.interrupt(signal), EXIT_CODES.clean, run.said);
      assert.match(run.stdout, new RegExp(`was asked to end after \\d+ s and ended by ${signal}\\.`));
      assert.match(run.stdout, TOO_SHORT);
    });
  }

  it('asks the program once', async () => {
    const run = new RunProgram(['--', NODE, program('run-graceful.mjs')]);
    await run.up();
    assert.equal(await run.interrupt('SIGINT'), EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /^SIGINT ×1$/m);
    assert.match(run.stdout, /and ended with exit code 0\./);
  });

  it('kills a program that does not end when it is asked, and has its report all the same', async () => {
    const run = new RunProgram(['--', NODE, program('run-stubborn.mjs')]);
    await run.up();
    assert.equal(await run.interrupt('SIGTERM'), EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /^ignored SIGTERM$/m);
    assert.match(run.stdout, /and ended by SIGKILL\.\nNo leak found/);
  });

  it('kills it at once when it is asked a second time', async () => {
    const run = new RunProgram(['--', NODE, program('run-stubborn.mjs')]);
    const [pid] = await run.up();
    run.child.kill('SIGINT');
    await run.says(/^ignored SIGINT$/m);
    assert.equal(await run.interrupt('SIGINT'), EXIT_CODES.clean, run.said);
    assert.match(run.stdout, /and ended by SIGKILL\./);
    assert.ok(!runs(pid!));
  });

  it('ends what a shell leaves in the background, and has its report', async () => {
    const said = join(folder, 'said');
    const script = `"${NODE}" ${program('run-steady.cjs')} > ${said} & until [ -s ${said} ]; do sleep 0.1; done; cat ${said}`;
    const run = new RunProgram(['--', 'sh', '-c', script]);
    const [pid] = await run.up();
    assert.equal(await run.ended, EXIT_CODES.clean, run.said);
    assert.match(run.stdout, TOO_SHORT);
    assert.ok(!runs(pid!));
  });

  it('has the last that was seen of a program that was killed, and says so', async () => {
    const json = join(folder, 'killed.json');
    const run = new RunProgram(['--json', json, '--', NODE, program('run-steady.cjs')]);
    const [pid] = await run.watching();
    process.kill(pid!, 'SIGKILL');
    assert.equal(await run.ended, EXIT_CODES.failed);
    assert.match(
      run.stdout,
      /was ended by SIGKILL after \d+ s \(the system kills programs this way when memory runs out\)\./,
    );
    assert.match(run.stdout, new RegExp(`No final report, so the latest one is used: process ${pid}\\.`));
    assert.match(run.stdout, /Inconclusive: the program failed\.\n$/);
    assert.equal(readReport(json).process.pid, pid);
  });
});

describe('A run in which nothing could be watched ends with 2', () => {
  it('when there is no such command', async () => {
    const run = new RunProgram(['--', 'no-such-command-anywhere']);
    assert.equal(await run.ended, EXIT_CODES.failed);
    assert.match(
      run.stderr,
      /^leakwatch run: 'no-such-command-anywhere' could not be started: no such command \(ENOENT\)\n$/,
    );
  });

  it('when the command is no Node.js program', async () => {
    const json = join(folder, 'none.json');
    writeFileSync(json, 'of an earlier run');
    const run = new RunProgram(['--json', json, '--', 'true']);
    assert.equal(await run.ended, EXIT_CODES.failed);
    assert.match(
      run.stdout,
      /it started no Node\.js program, or none that received the variable NODE_OPTIONS\.\n$/,
    );
    assert.ok(!existsSync(json), 'what is left of an earlier run would pass for this one');
  });

  it('when the program fails by itself, with the code it failed with', async () => {
    const run = new RunProgram(['--', NODE, '-e', 'process.exit(7)']);
    assert.equal(await run.ended, EXIT_CODES.failed);
    assert.match(
      run.stdout,
      /ended by itself after \d+ s with exit code 7\.\nInconclusive: the program failed\.\n$/,
    );
  });

  it('when a variable of the watcher is wrong, before the program starts', async () => {
    const run = new RunProgram(['--', NODE, program('run-steady.cjs'), 'once'], {
      LEAKWATCH_CAPTURE: 'forked',
    });
    assert.equal(await run.ended, EXIT_CODES.failed);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^leakwatch run: capture is one of .*LEAKWATCH_ERR_INVALID_OPTION\)\n$/);
  });

  it('when the report could not be written, before the program starts', async () => {
    for (const file of [folder, join(folder, 'no', 'such', 'folder.json')]) {
      const run = new RunProgram(['--json', file, '--', NODE, program('run-steady.cjs'), 'once']);
      assert.equal(await run.ended, EXIT_CODES.failed);
      assert.equal(run.stdout, '');
      assert.match(run.stderr, /^leakwatch run: .*report can/);
    }
  });
});
