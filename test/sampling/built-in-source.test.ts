import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GcEvent } from '../../src/sampling/gc-source.js';
import { runProgram } from './child.js';

interface ManyCycles {
  readonly events: readonly GcEvent[];
  readonly batches: readonly number[];
  /** Used heap at the end of each forced full collection, measured for it alone. */
  readonly liveAfter: readonly number[];
  /** Start of every entry a plain observer saw. */
  readonly starts: readonly number[];
  readonly majors: number;
}

describe('the built-in source', () => {
  it('tells of every cycle once and in order, of several in one turn of the loop too', async () => {
    const { events, batches, starts, majors } = (await runProgram('many-cycles')) as ManyCycles;
    assert.deepEqual(
      events.map((event) => event.startMs),
      starts,
    );
    assert.ok(Math.max(...batches) >= 3, `largest batch: ${Math.max(...batches)}`);
    assert.equal(events.filter((event) => event.kind === 'major').length, majors);
    assert.ok(majors >= 11 && events.some((event) => event.kind === 'minor'));
  });

  it('gives every cycle the exact figures of its own end', async () => {
    const { events, liveAfter } = (await runProgram('many-cycles')) as ManyCycles;
    for (const { kind, figures } of events) {
      assert.ok(figures !== null, `no figures for a ${kind} cycle`);
      assert.ok(figures.oldBytes !== null && figures.oldBytes > 0 && figures.oldBytes <= figures.usedBytes);
      assert.ok(figures.beforeBytes !== null && figures.beforeBytes > 0);
    }
    const majors = events
      .filter((event) => event.kind === 'major')
      .map((event) => event.figures?.usedBytes ?? 0);
    assert.deepEqual(
      majors.filter((bytes) => liveAfter.includes(bytes)),
      liveAfter,
    );
    assert.equal(liveAfter.length, 10);
  });

  it('matches figures when incremental marking and a small young generation make cycles of every kind', async () => {
    const flags = ['--max-semi-space-size=1', '--stress-incremental-marking'];
    const { events, starts } = (await runProgram('many-cycles', flags)) as ManyCycles;
    assert.deepEqual(
      events.map((event) => event.startMs),
      starts,
    );
    const exact = events.filter((event) => event.figures !== null).length;
    assert.equal(exact, events.length);
  });

  it('falls silent on stop, starts again, and keeps neither the process nor its handler alive', async () => {
    assert.deepEqual(await runProgram('stop-and-exit'), {
      heardWhile: [1, 1, 1],
      heardAfterStop: [0, 0, 0],
      released: true,
    });
  });
});
