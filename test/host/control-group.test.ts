import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTestGroup, type GroupLimits } from '../support/control-group.js';

const MB = 2 ** 20;

/** What the program reads of its limits inside a real group; null where none can be made, and the test is skipped. */
async function limitsInside(limits: GroupLimits, context: TestContext) {
  const { group, reason } = createTestGroup(limits);
  if (group === null) {
    context.skip(reason);
    return null;
  }
  try {
    const program = fileURLToPath(new URL('../sampling/programs/limits.js', import.meta.url));
    const child = group.spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(await text(child.stdout!));
  } finally {
    await group.destroy();
  }
}

describe('In a real control group', () => {
  it('the memory limit and the available memory are read correctly', async (context) => {
    const read = await limitsInside({ memoryBytes: 300 * MB }, context);
    if (read === null) return;
    assert.equal(read.memory.limitBytes, 300 * MB);
    assert.equal(read.before.limitBytes, 300 * MB);
    const taken = read.before.availableBytes - read.after.availableBytes;
    assert.ok(taken > 56 * MB && taken < 80 * MB, `64 MB more took ${taken / MB} MB`);
    assert.ok(read.before.availableBytes > 150 * MB && read.before.availableBytes < 300 * MB);
    assert.ok(Math.abs(read.memory.availableBytes - read.after.availableBytes) < 16 * MB);
  });

  it('the CPU quota is read correctly', async (context) => {
    const read = await limitsInside({ cpuCores: 0.5 }, context);
    if (read === null) return;
    assert.equal(read.cores, 0.5);
  });

  it('both are read correctly if both are set', async (context) => {
    const read = await limitsInside({ cpuCores: 1.5, memoryBytes: 256 * MB }, context);
    if (read === null) return;
    assert.deepEqual([read.cores, read.memory.limitBytes], [1.5, 256 * MB]);
  });
});
