import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v8 from 'node:v8';
import { loadBinding } from '../../src/native/binding.js';
import type { StackBytes } from '../../src/sampling/sampling-profile.js';

const PROGRAM = fileURLToPath(new URL('./programs/leaking-orders.js', import.meta.url));
const HUNG_MS = 120_000;
const isInV8 = 'startHeapProfile' in v8;
const isQuiet = isInV8 || 'startHeapSampling' in (loadBinding().binding ?? {});
const unavailable = isQuiet ? false : 'neither Node nor the addon begins a profiler that does not collect';

async function run(scenario: string): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, scenario], { timeout: HUNG_MS });
  return JSON.parse(stdout);
}

describe("The slot of V8's sampling profiler", () => {
  it('is read without a GC, names the function that allocates, and is free afterwards', {
    skip: unavailable,
  }, async () => {
    const { before, hold, forced, largest, after } = await run('alone');
    assert.deepEqual([before, hold, forced, after], [null, 'ours', 0, null]);
    const { frames, liveBytes } = largest as StackBytes;
    assert.ok(liveBytes > 500_000, `${liveBytes} bytes`);
    assert.match(frames[0]?.function ?? '', /^(recordOrder|leak)$/);
    assert.match(frames[0]?.url ?? '', /programs\/leaking-orders\.js$/);
  });

  it('is shared with the first holder, and left to it', { skip: unavailable }, async () => {
    assert.deepEqual(await run('another came first'), {
      hold: 'taken',
      collected: true,
      stacks: true,
      theirs: true,
      kept: 20_000,
    });
  });

  it('is lost without an error when another profiler that shares it stops, and is taken again', {
    skip: unavailable,
  }, async () => {
    const { started, theirs, ours, hold, again } = await run('another joins and leaves');
    assert.deepEqual([started, theirs, ours, hold, again], [true, true, null, 'ours', true]);
  });

  if (!isInV8) {
    it('is left alone if only the inspector could start the profiler, since each reading would force a full GC', async () => {
      const { hold, read } = await run('without the addon');
      assert.deepEqual([hold, read], [null, null]);
    });
  }
});
