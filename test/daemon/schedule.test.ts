import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Schedule } from '../../src/daemon/schedule.js';
import { LeakwatchError } from '../../src/errors.js';
import { eventually } from '../support/eventually.js';
import { createRecordingLogger } from '../support/recording-logger.js';

const EVERY_SECOND = '* * * * * *';

describe('The schedule', () => {
  it('runs a job whenever its cron expression, with seconds, says so', async () => {
    let runs = 0;
    const schedule = new Schedule(
      [{ name: 'sample', cron: EVERY_SECOND, run: () => void runs++ }],
      createRecordingLogger(),
    );
    schedule.start();
    await eventually('two runs', () => runs >= 2);
    schedule.stop();
  });

  it('never runs a job while it is still running', async () => {
    let atOnce = 0;
    let most = 0;
    let begun = 0;
    let release = () => {};
    const run = async () => {
      begun += 1;
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      atOnce -= 1;
    };
    const logger = createRecordingLogger();
    const schedule = new Schedule([{ name: 'sample', cron: EVERY_SECOND, run }], logger);
    schedule.start();
    await eventually('a run that was left out', () =>
      logger.lines.some(({ message }) => message.includes('overlap')),
    );
    assert.equal(begun, 1);
    release();
    await eventually('the next run', () => begun === 2);
    schedule.stop();
    release();
    assert.equal(most, 1);
  });

  it('says what a job threw and runs it again', async () => {
    let runs = 0;
    const logger = createRecordingLogger();
    const run = () => {
      runs += 1;
      throw new Error('out of paper');
    };
    const schedule = new Schedule([{ name: 'prune', cron: EVERY_SECOND, run }], logger);
    schedule.start();
    await eventually('a second run', () => runs >= 2);
    schedule.stop();
    assert.match(logger.lines[0]?.message ?? '', /'prune' failed: out of paper/);
  });

  it('refuses an expression that cannot be parsed, naming the job and a way to write it', () => {
    for (const cron of ['', 'every minute', '61 * * * * *', '* * * * * * *']) {
      assert.throws(
        () => new Schedule([{ name: 'capture', cron, run: () => {} }], createRecordingLogger()),
        (error) =>
          error instanceof LeakwatchError &&
          error.code === 'LEAKWATCH_ERR_INVALID_CRON' &&
          /schedule\.capture/.test(error.message) &&
          /six with seconds/.test(error.message),
        `'${cron}' was accepted`,
      );
    }
  });

  it('keeps no process alive', () => {
    const schedule = new URL('../../src/daemon/schedule.js', import.meta.url).href;
    const program = `import { Schedule } from '${schedule}';
      new Schedule([{ name: 'sample', cron: '0 0 1 1 *', run() {} }], { warn() {}, info() {}, debug() {} }).start();`;
    const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 30_000,
    });
    assert.deepEqual({ status, signal }, { status: 0, signal: null });
  });
});
