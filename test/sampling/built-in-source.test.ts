import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GcEvent } from '../../src/sampling/gc-source.js';
import { runProgram } from './child.js';

interface ManyCycles {
  readonly events: readonly GcEvent[];
  readonly batches: readonly number[];
  /** Start of every entry a plain observer saw. */
  readonly starts: readonly number[];
  readonly majors: number;
}

describe('the built-in source', () => {
  it('reports every cycle once and in order, even several in one turn of the loop', async () => {
    const { events, batches, starts, majors } = (await runProgram('many-cycles')) as ManyCycles;
    assert.deepEqual(
      events.map((event) => event.startMs),
      starts,
    );
    assert.ok(Math.max(...batches) >= 3, `largest batch: ${Math.max(...batches)}`);
    assert.equal(events.filter((event) => event.kind === 'major').length, majors);
    assert.ok(majors >= 11 && events.some((event) => event.kind === 'minor'));
  });

  it('leaves nothing behind that keeps recording, however many cycles a turn of the loop has', async () => {
    const { grownBytes, cycles } = (await runProgram('busy-turns')) as { grownBytes: number; cycles: number };
    assert.ok(cycles > 500, `${cycles} cycles`);
    assert.ok(grownBytes < 16 * 2 ** 20, `${grownBytes} bytes in ${cycles} cycles`);
  });

  it('is silent after stop, can start again, and keeps neither the process nor its handler alive', async () => {
    assert.deepEqual(await runProgram('stop-and-exit'), {
      heardWhile: [1, 1, 1],
      heardAfterStop: [0, 0, 0],
      released: true,
    });
  });
});
