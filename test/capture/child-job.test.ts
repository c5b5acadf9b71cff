import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { CaptureLevel } from '../../src/capture/capture-record.js';
import { CENSUS_END, type CensusMessage, childJob } from '../../src/capture/child-job.js';
import { SAMPLED_MARK } from '../../src/capture/truncation.js';
import { CHILD_EXIT } from '../../src/native/binding.js';
import { binding, runJob, unavailable } from '../native/forked-job.js';

const MB = 2 ** 20;
/** What the tests leave where the whole program can see it. */
const program: Record<string, unknown> = {};

/** Runs the job of `level` in a forked child, after `before`, which is given the output too. */
async function run(level: CaptureLevel, before: (output: number) => void = () => {}) {
  const done = await runJob((output) => {
    before(output);
    childJob(binding(), level, output)();
  });
  assert.deepEqual([done.end.exitCode, done.words.message], [CHILD_EXIT.done, '']);
  assert.ok(done.words.liveBytes > MB, `${done.words.liveBytes}`);
  return done;
}

describe('The job of a forked child', { skip: unavailable }, () => {
  it('writes nothing where only the size of the live heap is asked for', async () => {
    assert.equal((await run('probe')).output, '');
  });

  it('tells the live heap without the garbage', async () => {
    const { words } = await run('probe');
    const wasteful = await run('probe', () => {
      Array.from({ length: 300_000 }, (_, index) => ({ index }));
    });
    assert.ok(Math.abs(wasteful.words.liveBytes - words.liveBytes) < 4 * MB);
  });

  it('writes a census of one line that says where it ends', async () => {
    const { output } = await run('census');
    assert.ok(output.endsWith(CENSUS_END));
    const { classes } = JSON.parse(output) as CensusMessage;
    assert.ok(classes.some(({ className, count }) => className === 'Map' && count > 0));
  });

  it('marks what it cut of a sample, and cuts nothing of a whole snapshot', async () => {
    const table = new Map(Array.from({ length: 3000 }, (_, index) => [index, { index }]));
    program['table'] = table;
    const { output: sampled } = await run('sampled');
    assert.ok(sampled.includes(SAMPLED_MARK) && sampled.includes('"500/3000"'));
    const { output: full } = await run('full');
    assert.ok(full.length > sampled.length && !full.includes('"500/3000"'));
    for (const snapshot of [sampled, full]) assert.doesNotThrow(() => JSON.parse(snapshot));
    assert.equal(table.size, 3000);
  });

  it('says how large the heap is only when the whole graph is written', async () => {
    const { end, words } = await runJob((output) => {
      const writeGraph = (): never => {
        throw new Error('interrupted');
      };
      const interrupted = { ...binding(), writeGraph };
      childJob(interrupted, 'full', output, 'native')();
    });
    assert.deepEqual([end.exitCode, words.liveBytes], [CHILD_EXIT.threw, 0]);
    assert.equal(await binding().prepareGraph(), null);
    const whole = await runJob((output) => childJob(binding(), 'full', output, 'native')());
    assert.equal(whole.end.exitCode, CHILD_EXIT.done);
    assert.ok(whole.words.liveBytes > MB && whole.output.endsWith(']}'));
  });

  it('runs no code of the program', async () => {
    let tripped: (what: string) => void = () => {};
    const trip = (what: string) => (): never => {
      tripped(what);
      throw new Error(what);
    };
    class Guarded extends Map<number, object> {
      override get size(): number {
        return trip('a getter')();
      }
      override forEach(): void {
        trip('a method')();
      }
      override clear(): void {
        trip('clear')();
      }
    }
    const guarded = new Guarded();
    for (let index = 0; index < 3000; index++) Map.prototype.set.call(guarded, index, { index });
    const array: unknown[] = Array.from({ length: 3000 }, (_, index) => index);
    Object.defineProperty(array, 1500, { get: trip('an element'), configurable: true, enumerable: true });
    const proxy = new Proxy(array, {
      get: trip('a trap'),
      ownKeys: trip('a trap'),
      getPrototypeOf: trip('a trap'),
    });
    Object.assign(program, { guarded, array, proxy });
    for (const level of ['census', 'sampled'] as const) {
      const { output } = await run(level, (descriptor) => {
        tripped = (what) => void writeSync(descriptor, `tripped by ${what}`);
      });
      assert.doesNotMatch(output.slice(0, 200), /tripped/);
      assert.doesNotThrow(() => JSON.parse(output), level);
      assert.equal(output.includes('"500/3000"'), level === 'sampled', 'the guarded ones were cut');
    }
    assert.equal(array.length, 3000);
  });
});
