import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SampledSites } from '../../src/sampling/allocation-profiler.js';
import type { SampledMemory } from '../../src/sampling/sampling-profile.js';
import type { SamplingSlot, SlotClaim, SlotReading } from '../../src/sampling/sampling-slot.js';
import { ManualClock } from '../support/manual-clock.js';

/** A slot whose claims and readings belong to the test. */
class FakeSlot implements SamplingSlot {
  claim: SlotClaim = { hold: 'ours' };
  reading: SlotReading | null = null;
  whole: SampledMemory | null = null;
  /** What a reading takes on the clock. */
  takesMs = 0;
  readonly taken: number[] = [];
  reads = 0;
  released = 0;
  readonly clock = new ManualClock();

  take(intervalBytes: number): SlotClaim {
    this.taken.push(intervalBytes);
    return this.claim;
  }

  read(): SlotReading | null {
    this.reads++;
    this.clock.advance(this.takesMs);
    return this.reading;
  }

  readWhole(): SampledMemory | null {
    return this.whole;
  }

  release(): void {
    this.released++;
  }
}

function holding(liveBytes: number, newestSample = 1, collected = false): SlotReading {
  const frames = [{ function: 'leak', url: 'file:///app/a.js', line: 3, column: 1 }];
  return { stacks: [{ frames, liveBytes }], newestSample, collected, cpuMs: 1000 };
}

function started(change: Partial<Pick<FakeSlot, 'claim' | 'reading' | 'takesMs'>> = {}) {
  const slot: FakeSlot = Object.assign(new FakeSlot(), { reading: holding(0) }, change);
  const sites = new SampledSites(slot, slot.clock, { intervalBytes: 1000, spacingMs: 100, tickMs: 500 });
  sites.start(0);
  return { slot, sites };
}

describe('The allocation sites of a service', () => {
  it('are read after full GCs, and on ticks only if none came for a while', () => {
    const { slot, sites } = started();
    sites.afterMajorGc(50);
    assert.equal(slot.reads, 0, 'within the spacing');
    sites.afterMajorGc(100);
    sites.onTick(300);
    assert.equal(slot.reads, 1);
    sites.onTick(600);
    assert.equal(slot.reads, 2);
  });

  it('show what grows from the third reading on', () => {
    const { slot, sites } = started();
    for (const [nowMs, bytes] of [
      [100, 1000],
      [200, 5000],
    ] as const) {
      slot.reading = holding(bytes);
      sites.afterMajorGc(nowMs);
    }
    assert.deepEqual(sites.growing(), []);
    slot.reading = holding(9000);
    sites.afterMajorGc(300);
    assert.deepEqual(
      sites.growing().map((site) => [site.function, site.liveBytes, site.growthBytes]),
      [['leak', 9000, 8000]],
    );
  });

  it('are read from another profiler that holds the slot, which is never stopped', () => {
    const { slot, sites } = started({ claim: { hold: 'taken' } });
    sites.afterMajorGc(100);
    assert.deepEqual([slot.reads, sites.status().state, sites.status().intervalBytes], [1, 'shared', null]);
  });

  it('are sampled again if someone stopped the profiler, and continue from what they held', () => {
    const { slot, sites } = started();
    const read = (nowMs: number, reading: SlotReading | null) => {
      slot.reading = reading;
      sites.afterMajorGc(nowMs);
    };
    read(100, holding(0));
    read(200, holding(4000));
    read(300, null);
    assert.equal(slot.taken.length, 2);
    read(400, holding(1000));
    read(500, holding(2000));
    assert.equal(sites.growing()[0]?.growthBytes, 6000);
  });

  it('leave alone another profiler whose readings force a GC, until it has gone', () => {
    const { slot, sites } = started({ claim: { hold: 'taken' }, reading: holding(0, 1, true) });
    for (const nowMs of [100, 200, 300, 400, 500]) sites.afterMajorGc(nowMs);
    assert.deepEqual([slot.reads, sites.status().state], [3, 'waiting']);
    sites.afterMajorGc(70_000);
    assert.equal(slot.reads, 3, 'it is still there');
    slot.claim = { hold: 'ours' };
    slot.reading = holding(0);
    sites.afterMajorGc(140_000);
    assert.deepEqual([slot.reads, sites.status().state], [4, 'sampling']);
  });

  it('leave alone another profiler whose readings take long, and never their own', () => {
    for (const [hold, state] of [
      ['taken', 'waiting'],
      ['ours', 'sampling'],
    ] as const) {
      const { slot, sites } = started({ claim: { hold }, reading: holding(1, 1, true), takesMs: 6 });
      for (let nowMs = 10_000; nowMs <= 60_000; nowMs += 10_000) sites.afterMajorGc(nowMs);
      assert.equal(sites.status().state, state);
      assert.equal(slot.reads < 6, hold === 'taken');
    }
  });

  it('are off, with a reason, if they are not available', () => {
    const { slot, sites } = started({ claim: { hold: null, reason: 'no inspector' } });
    sites.afterMajorGc(1000);
    sites.afterMajorGc(1e9);
    assert.deepEqual([slot.taken.length, slot.reads], [1, 0]);
    assert.deepEqual([sites.status().state, sites.status().reason], ['off', 'no inspector']);
  });

  it('are sampled more coarsely if there are many samples or readings stay slow', () => {
    const { slot, sites } = started();
    sites.afterMajorGc(1000);
    slot.reading = holding(10, 1 + 1500);
    sites.afterMajorGc(2000);
    assert.deepEqual([slot.taken, slot.released], [[1000, 4000], 1]);
    slot.takesMs = 8;
    slot.reading = holding(10, 1);
    for (const nowMs of [20_000, 40_000, 60_000]) sites.afterMajorGc(nowMs);
    assert.deepEqual(slot.taken, [1000, 4000, 8000]);
  });

  it('are read less often the longer a reading takes', () => {
    const { slot, sites } = started({ takesMs: 3 });
    sites.afterMajorGc(100);
    sites.afterMajorGc(2500);
    assert.equal(slot.reads, 1);
    sites.afterMajorGc(3200);
    assert.equal(slot.reads, 2);
  });

  it('leave nothing behind when they stop', () => {
    const { slot, sites } = started();
    sites.stop();
    for (const nowMs of [1000, 100_000]) {
      sites.afterMajorGc(nowMs);
      sites.onTick(nowMs);
    }
    assert.deepEqual([slot.released, slot.reads, slot.taken.length], [1, 0, 1]);
    assert.equal(sites.status().state, 'off');
  });
});
