import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryAllotment, memoryReserve } from '../../src/trigger/memory-allotment.js';

const MB = 2 ** 20;

describe('The memory a capture may take', () => {
  it('is what is left without the reserve and without what the analysis takes', () => {
    const room = { availableBytes: 400 * MB, limitBytes: 1000 * MB, concurrentBytes: 80 * MB };
    assert.equal(memoryReserve(room), 100 * MB);
    assert.equal(memoryAllotment(room), 220 * MB);
  });

  it('leaves a small container 32 MB, and never comes to less than nothing', () => {
    const room = { availableBytes: 100 * MB, limitBytes: 128 * MB, concurrentBytes: 90 * MB };
    assert.equal(memoryReserve(room), 32 * MB);
    assert.equal(memoryAllotment(room), 0);
  });

  it('leaves a host without limits a tenth of what it has left', () => {
    const room = { availableBytes: 8000 * MB, limitBytes: null, concurrentBytes: 0 };
    assert.equal(memoryAllotment(room), 7200 * MB);
  });

  it('is bounded where nobody knows what is left, and by the limit where only the host is known', () => {
    const unknown = { availableBytes: null, limitBytes: null, concurrentBytes: 100 * MB };
    assert.equal(memoryAllotment(unknown), (1024 - 32 - 100) * MB);
    const hostOnly = { availableBytes: 20_000 * MB, limitBytes: 500 * MB, concurrentBytes: 100 * MB };
    assert.equal(memoryAllotment(hostOnly), 350 * MB);
  });
});
