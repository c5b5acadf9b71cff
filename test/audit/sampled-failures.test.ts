import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AccessFailure, SampledFailures } from '../../src/audit/sampled-failures.js';
import { ManualClock } from '../support/manual-clock.js';

const MINUTE_MS = 60_000;

function sampled(): {
  readonly clock: ManualClock;
  readonly failures: SampledFailures;
  readonly lines: Record<string, unknown>[];
} {
  const clock = new ManualClock();
  const lines: Record<string, unknown>[] = [];
  return { clock, lines, failures: new SampledFailures(clock, (line) => void lines.push({ ...line })) };
}

function failure(client: string): AccessFailure {
  return { client, principal: null, cause: 'token', method: 'GET' };
}

function add(failures: SampledFailures, client: string): void {
  failures.add(failure(client), client);
}

const countOf = (lines: readonly Record<string, unknown>[]): number =>
  lines.reduce((sum, { count }) => sum + Number(count), 0);

describe('Refused requests', () => {
  it('get a line at once from a client that was not refused before', () => {
    const { failures, lines } = sampled();
    add(failures, '192.0.2.1');
    add(failures, '192.0.2.2');
    assert.deepEqual(lines, [
      { ...failure('192.0.2.1'), count: 1 },
      { ...failure('192.0.2.2'), count: 1 },
    ]);
  });

  it('of the same client are counted, and the count is written once a minute', () => {
    const { clock, failures, lines } = sampled();
    for (let index = 0; index < 1000; index++) add(failures, '192.0.2.1');
    assert.equal(lines.length, 1);
    clock.advance(MINUTE_MS);
    assert.deepEqual(lines.slice(1), [{ ...failure('192.0.2.1'), count: 999 }]);
    clock.advance(MINUTE_MS);
    assert.equal(lines.length, 2, 'nothing new, no line');
  });

  it('of 100,000 clients take one line a minute, after the first ten, and each is in a count', () => {
    const { clock, failures, lines } = sampled();
    for (let index = 0; index < 100_000; index++) {
      add(failures, `2001:db8:${index.toString(16)}::`);
      if (index % 1000 === 999) clock.advance(MINUTE_MS);
    }
    assert.ok(lines.length <= 110, `${lines.length} lines in 100 minutes`);
    failures.close();
    assert.equal(countOf(lines), 100_000);
  });

  it('are named again after a quiet time', () => {
    const { clock, failures, lines } = sampled();
    add(failures, '192.0.2.1');
    for (let minute = 0; minute < 10; minute++) clock.advance(MINUTE_MS);
    add(failures, '192.0.2.1');
    assert.equal(lines.length, 2);
  });

  it('that were only counted are written at the end', () => {
    const { failures, lines } = sampled();
    for (let index = 0; index < 5; index++) add(failures, '192.0.2.1');
    failures.close();
    failures.close();
    assert.deepEqual(
      lines.map(({ count }) => count),
      [1, 4],
    );
  });
});
