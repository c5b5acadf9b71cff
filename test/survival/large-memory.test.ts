import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Capture } from './captures.js';
import { reportOf, settled, unavailable } from './service.js';

const MIB = 2 ** 20;

interface LargeReport {
  readonly captures: readonly Capture[];
  readonly left: readonly string[];
  readonly changed: number;
  readonly rssMb: number;
}

describe('A service can be captured that has', { skip: unavailable }, () => {
  for (const [kind, words, nodeOptions] of [
    ['buffers', 'a gigabyte of buffers, which its child shares with it', []],
    ['wasm', 'memories of WebAssembly that reserve many gigabytes', []],
    ['shared-memory', 'memory that its threads share', []],
    ['full-heap', 'a heap that is nearly full', ['--max-old-space-size=96']],
  ] as const) {
    it(words, async (context) => {
      const report = await reportOf<LargeReport>('large-memory', { args: [kind], nodeOptions });
      const captures = settled(report.captures);
      for (const each of captures) assert.equal(each.outcome, 'success', JSON.stringify(each));
      assert.equal(captures.length, 4);
      // The child copies what it changes, and it changes nothing of this.
      for (const { peakBytes } of captures) assert.ok(peakBytes < 256 * MIB, `${peakBytes}`);
      assert.equal(report.changed, 0);
      assert.deepEqual(report.left, []);
      const pauses = captures.map(({ rung, pauseMs }) => `${rung} ${Math.round(pauseMs)} ms`);
      context.diagnostic(`${report.rssMb} MB resident; pauses: ${pauses.join(', ')}`);
    });
  }
});
