import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ANALYSIS_STEPS,
  type AnalysisMessage,
  boundedSites,
  decodeMessage,
  encodeMessage,
} from '../../src/analysis/analysis-message.js';

describe('A message of the analysis', () => {
  const messages: readonly AnalysisMessage[] = [
    ...ANALYSIS_STEPS.map((step): AnalysisMessage => ({ kind: 'progress', step })),
    {
      kind: 'result',
      result: {
        outcome: 'failure',
        step: 'tracing',
        cause: { kind: 'format', message: 'a\nb' },
        elapsedMs: 1,
      },
      cpuSeconds: 2,
      peakRssBytes: 3,
    },
    {
      kind: 'result',
      result: {
        outcome: 'success',
        nodes: 1,
        edges: 2,
        heapBytes: 3,
        snapshots: 1,
        suspects: [],
        classes: [],
        series: Buffer.from([0, 10, 255]),
        elapsedMs: 4,
      },
      cpuSeconds: 2,
      peakRssBytes: 3,
    },
  ];

  it('is one line and arrives as it was sent', () => {
    for (const message of messages) {
      const line = encodeMessage(message);
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.deepEqual(decodeMessage(line), message);
    }
  });

  it('is none when it is not whole or speaks of a step that is not one', () => {
    for (const line of [
      '',
      'null',
      '[]',
      '{"kind":"other"}',
      '{"kind":"progress"}',
      '{"kind":"progress","step":"thinking"}',
      '{"kind":"result","cpuSeconds":1,"peakRssBytes":1}',
      '{"kind":"result","cpuSeconds":1,"peakRssBytes":1,"result":{"outcome":"failure","cause":{"kind":"cancelled"}}}',
      '{"kind":"result","cpuSeconds":1,"peakRssBytes":1,"result":{"outcome":"success","suspects":[]}}',
    ]) {
      assert.equal(decodeMessage(line), null, line);
    }
  });
});

describe('The allocation sites of an order', () => {
  it('are a bounded number, with a bounded number of callers and bounded texts', () => {
    const long = { function: 'f'.repeat(1000), url: 'u'.repeat(1000), line: 1, column: 2 };
    const site = { ...long, liveBytes: 3, growthBytes: 4, callers: Array.from({ length: 100 }, () => long) };
    const sites = boundedSites(Array.from({ length: 100 }, () => site));
    assert.deepEqual([sites.length, sites[0]?.callers.length], [64, 16]);
    assert.deepEqual([sites[0]?.function.length, sites[0]?.callers[0]?.url.length], [300, 300]);
    assert.deepEqual([sites[0]?.liveBytes, sites[0]?.growthBytes, sites[0]?.line], [3, 4, 1]);
  });
});
