import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CaptureLevel, CaptureRecord } from '../../src/capture/capture-record.js';
import { CaptureRecords, skippedCapture } from '../../src/daemon/capture-records.js';

function record(rung: CaptureLevel, atMs: number): CaptureRecord {
  return skippedCapture({ atMs, dumper: 'fork', rung, trigger: 'trend', reason: 'soon', cause: 'spacing' });
}

function recordsOf(...rungs: CaptureLevel[]): CaptureRecords {
  const records = new CaptureRecords();
  for (const [atMs, rung] of rungs.entries()) records.add(record(rung, atMs));
  return records;
}

describe('The records of captures', () => {
  it('are listed in the order they came, the newest last', () => {
    const listed = recordsOf('sampled', 'probe', 'full', 'census').list();
    assert.deepEqual(
      listed.map(({ rung, atMs }) => [rung, atMs]),
      [
        ['sampled', 0],
        ['probe', 1],
        ['full', 2],
        ['census', 3],
      ],
    );
  });

  it('keep 32 graphs, however many probes come in between', () => {
    const graphs = Array.from({ length: 40 }, (): CaptureLevel[] => [
      'probe',
      'sampled',
      'probe',
      'probe',
    ]).flat();
    const listed = recordsOf(...graphs).list();
    const kept = listed.filter(({ rung }) => rung === 'sampled').map(({ atMs }) => atMs);
    assert.equal(kept.length, 32);
    assert.deepEqual([kept[0], kept.at(-1)], [8 * 4 + 1, 39 * 4 + 1]);
  });

  it('keep the latest eight probes and censuses together', () => {
    const listed = recordsOf('full', ...Array<CaptureLevel>(20).fill('probe'), 'census').list();
    assert.deepEqual(
      listed.map(({ atMs }) => atMs),
      [0, 14, 15, 16, 17, 18, 19, 20, 21],
    );
  });

  it('do not change under who read them', () => {
    const records = recordsOf('full');
    const before = records.list();
    records.add(record('full', 9));
    assert.equal(before.length, 1);
  });

  it('tell a skipped capture with its reason and without cost', () => {
    const { outcome, reason, cause, pauseMs, cpuSeconds, retries, id } = record('census', 5);
    assert.deepEqual(
      [outcome, reason, cause, pauseMs, cpuSeconds, retries],
      ['skipped', 'soon', 'spacing', 0, 0, 0],
    );
    assert.notEqual(id, record('census', 6).id);
  });
});
