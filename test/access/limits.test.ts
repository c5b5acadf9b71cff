import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { type Charge, Limits, MAX_FAILURES, REQUESTS_PER_MINUTE } from '../../src/access/limits.js';
import { ANYONE, type Principal } from '../../src/access/principal.js';
import { SCOPES } from '../../src/access/scope.js';

const ADDRESS = '203.0.113.7';
const OTHER = '198.51.100.9';

function principal(id: string): Principal {
  return { id, provedBy: 'token', scopes: new Set(SCOPES) };
}

async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let count = 0; count < times; count++) results.push(await work());
  return results;
}

describe('limits', () => {
  let limits: Limits;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.parse('2026-01-01T00:00:00Z') });
    limits = new Limits();
  });
  afterEach(() => {
    mock.restoreAll();
    mock.timers.reset();
  });

  test('a client is penalised for a minute after a few failures, and no other client is', async () => {
    assert.deepEqual(new Set(await repeat(MAX_FAILURES, () => limits.failed(ADDRESS))), new Set([0]));
    assert.equal(await limits.penaltySeconds(ADDRESS), 0);
    assert.equal(await limits.failed(ADDRESS), 60);
    assert.equal(await limits.penaltySeconds(ADDRESS), 60);
    assert.equal(await limits.penaltySeconds(OTHER), 0);
    assert.equal(await limits.failed(OTHER), 0);
  });

  test('failures during a penalty do not extend it, and after it the client starts over', async () => {
    await repeat(MAX_FAILURES + 1, () => limits.failed(ADDRESS));
    mock.timers.tick(45_000);
    assert.deepEqual(new Set(await repeat(1_000, () => limits.failed(ADDRESS))), new Set([15]));
    mock.timers.tick(15_000);
    assert.equal(await limits.penaltySeconds(ADDRESS), 0);
    assert.deepEqual(new Set(await repeat(MAX_FAILURES, () => limits.failed(ADDRESS))), new Set([0]));
  });

  test('failures that are spread over time are forgotten', async () => {
    await repeat(MAX_FAILURES, () => limits.failed(ADDRESS));
    mock.timers.tick(60_000);
    assert.deepEqual(new Set(await repeat(MAX_FAILURES, () => limits.failed(ADDRESS))), new Set([0]));
  });

  test('a client is one client in IPv4 and mapped into IPv6, in its whole /64, and on the Unix socket', async () => {
    const same = [
      ['203.0.113.9', '::ffff:203.0.113.9'],
      ['2001:db8:1:2::1', '2001:db8:1:2:aaaa:bbbb:cccc:dddd'],
      [undefined, undefined],
    ] as const;
    for (const [one, other] of same) {
      await repeat(MAX_FAILURES + 1, () => limits.failed(one));
      assert.equal(await limits.penaltySeconds(other), 60, String(other));
    }
  });

  for (const charge of Object.keys(REQUESTS_PER_MINUTE) as Charge[]) {
    test(`a principal has its own limit of ${REQUESTS_PER_MINUTE[charge]} requests a minute for '${charge}'`, async () => {
      const limit = REQUESTS_PER_MINUTE[charge];
      const take = (id: string) => limits.charge(principal(id), charge, ADDRESS);
      const states = await repeat(limit, () => take('token-1'));
      assert.ok(states.every(({ allowed }) => allowed));
      assert.deepEqual(
        states.map(({ remaining }) => remaining),
        states.map((_, index) => limit - 1 - index),
      );
      mock.timers.tick(20_000);
      assert.deepEqual(await take('token-1'), {
        allowed: false,
        limit,
        remaining: 0,
        windowSeconds: 60,
        resetSeconds: 40,
      });
      assert.equal((await take('token-2')).allowed, true);
      mock.timers.tick(40_000);
      assert.equal((await take('token-1')).allowed, true);
    });
  }

  test('nobody has to wait for more than the minute if the wall clock is set', async () => {
    const now = Date.now.bind(Date);
    const setWallClock = (days: number) => mock.method(Date, 'now', () => now() + days * 86_400_000);
    await repeat(MAX_FAILURES + 1, () => limits.failed(ADDRESS));
    const charge = () => limits.charge(principal('token-1'), 'act', ADDRESS);
    await repeat(REQUESTS_PER_MINUTE.act + 1, charge);
    for (const days of [-1, 1]) {
      const { mock: wallClock } = setWallClock(days);
      assert.ok((await limits.penaltySeconds(ADDRESS)) <= 60);
      assert.ok((await charge()).resetSeconds <= 60);
      wallClock.restore();
    }
    setWallClock(-1);
    mock.timers.tick(60_000);
    assert.equal(await limits.penaltySeconds(ADDRESS), 0);
    assert.equal((await charge()).allowed, true);
  });

  test('one charge does not use up another', async () => {
    await repeat(REQUESTS_PER_MINUTE.act + 1, () => limits.charge(principal('token-1'), 'act', ADDRESS));
    assert.equal((await limits.charge(principal('token-1'), 'act', ADDRESS)).allowed, false);
    assert.equal((await limits.charge(principal('token-1'), 'read', ADDRESS)).allowed, true);
  });

  test('clients without a token, where the metrics need none, are counted by address', async () => {
    const states = await repeat(REQUESTS_PER_MINUTE.metrics + 1, () =>
      limits.charge(ANYONE, 'metrics', ADDRESS),
    );
    assert.equal(states.at(-1)!.allowed, false);
    assert.equal((await limits.charge(ANYONE, 'metrics', OTHER)).allowed, true);
  });
});

test('100,000 IPv6 networks that fail take no more memory than the first ones, and no timer keeps the process alive', () => {
  const program = `
    import { Limits } from ${JSON.stringify(new URL('../../src/access/limits.js', import.meta.url).href)};
    const limits = new Limits();
    const fail = async (from, to) => {
      for (let index = from; index < to; index++)
        await limits.failed('2001:db8:' + (index >> 16).toString(16) + ':' + (index & 0xffff).toString(16) + '::1');
    };
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    await fail(0, 20_000);
    const before = heap();
    await fail(20_000, 120_000);
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    console.log(JSON.stringify({ grown: heap() - before, timers }));`;
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 60_000 },
  );
  // Ending by itself, although the penalties last a minute, shows that the timers are unref'd.
  assert.equal(status, 0);
  const { grown, timers } = JSON.parse(stdout) as { grown: number; timers: number };
  assert.equal(timers, 0);
  // 100,000 keys would take 47 MB.
  assert.ok(grown < 1_000_000, `${grown} bytes more`);
});
