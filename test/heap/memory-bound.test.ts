import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../../src/heap/analysis.js';
import { memoryShortage, predictAnalysisBytes } from '../../src/heap/memory-bound.js';
import { drawHeap, inChunks } from '../support/drawn-heap.js';

const MIB = 2 ** 20;

describe('The memory an analysis is predicted to need', () => {
  it('is that of Node alone for a heap of nothing', () => {
    assert.equal(predictAnalysisBytes(0, 0), 64 * MIB);
  });

  it('grows by 60 bytes a node and 8 an edge', () => {
    const few = predictAnalysisBytes(1000, 5000);
    assert.equal(predictAnalysisBytes(1001, 5000) - few, 60);
    assert.equal(predictAnalysisBytes(1000, 5001) - few, 8);
  });

  it('is beyond every bound for counts that are a lie', () => {
    assert.ok(predictAnalysisBytes(0xffff_fffe, 0xffff_fffe) > 200 * 2 ** 30);
  });
});

describe('An analysis', () => {
  it('is refused from the header alone when its heap will not fit', async () => {
    const text = Buffer.from(drawHeap('a: object A')).toString();
    const snapshot = Buffer.from(text.replace(/"node_count":\d+/, '"node_count":4294967294'));
    const result = await analyze({
      snapshot: inChunks(snapshot, 64),
      previous: null,
      capturedAtMs: 0,
      memoryLimitBytes: 500 * MIB,
    });
    assert.ok(result.outcome === 'failure');
    assert.equal(result.step, 'parsing');
    assert.ok(result.cause.kind === 'memory' && result.cause.neededBytes > 200 * 2 ** 30);
    assert.equal(result.cause.limitBytes, 500 * MIB);
  });
});

describe('A shortage of memory', () => {
  it('is none up to the bound itself', () => {
    assert.equal(memoryShortage(100 * MIB, 100 * MIB), null);
  });

  it('names the bound and the need', () => {
    assert.deepEqual(memoryShortage(100 * MIB + 1, 100 * MIB), {
      kind: 'memory',
      neededBytes: 100 * MIB + 1,
      limitBytes: 100 * MIB,
    });
  });
});
