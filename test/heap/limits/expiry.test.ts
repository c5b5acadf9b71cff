import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../../../src/heap/analysis.js';
import type { Expiry } from '../../../src/heap/limits/limit.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

/** Numbers of a store and of each of its sessions. */
interface Drawn {
  readonly store?: Readonly<Record<string, number>>;
  readonly session?: Readonly<Record<string, number>>;
  /** Of sessions from this index on, where they differ. */
  readonly later?: Readonly<Record<string, number>>;
  readonly laterFrom?: number;
}

function draw(n: number, { store = {}, session = {}, later = session, laterFrom = n }: Drawn): string {
  const written = new Map<number, string>();
  const numbers = (holder: string, fields: Readonly<Record<string, number>>) =>
    Object.entries(fields)
      .map(([name, value]) => {
        written.set(value, `v${String(value).replaceAll(/\W/g, '_')}`);
        return `${holder} -property ${name}-> ${written.get(value)}`;
      })
      .join('\n');
  const sessions = Array.from({ length: n }, (_, at) => numbers(`s${at}`, at < laterFrom ? session : later));
  const owner = numbers('store', store);
  return `
    global: object global 40
    root -shortcut 1-> global
    store: object Store 40
    list: object Array 32
    ${[...written].map(([value, id]) => `${id}: number "heap number" 16\n${id}d: string "${value}" 24\n${id} -internal value-> ${id}d`).join('\n')}
    ${Array.from({ length: n }, (_, at) => `s${at}: object Session 1000\nlist -element ${at}-> s${at}`).join('\n')}
    global -property store-> store
    store -property sessions-> list
    ${owner}
    ${sessions.join('\n')}`;
}

async function expiryOf(drawn: Drawn): Promise<Expiry | null | undefined> {
  let previous: Uint8Array | null = null;
  for (const n of [50, 100, 150]) {
    const result = await analyze({
      snapshot: inChunks(drawHeap(draw(n, drawn))),
      previous,
      capturedAtMs: NOW - 1 + n / 150,
    });
    assert.ok(result.outcome === 'success', result.outcome === 'failure' ? JSON.stringify(result.cause) : '');
    const found = result.suspects.find(({ className }) => className === 'Session');
    if (n === 150) {
      assert.ok(found !== undefined, 'the growth of the sessions is found');
      return found.expiry;
    }
    previous = result.series;
  }
  return undefined;
}
const lives = (name: string, lifetimeMs: number | null, oldestEndMs: number | null = null): Expiry => ({
  name,
  lifetimeMs,
  oldestEndMs,
});

describe('the lifetime that an owner gives its members', () => {
  it('is in the unit that its name says', async () => {
    assert.deepEqual(await expiryOf({ store: { ttlMs: 500 } }), lives('ttlMs', 500));
    assert.deepEqual(await expiryOf({ store: { stdTTL: 2000 } }), lives('stdTTL', 2_000_000));
    assert.deepEqual(
      await expiryOf({ store: { SESSION_TTL_SECONDS: 90 } }),
      lives('SESSION_TTL_SECONDS', 90_000),
    );
    assert.deepEqual(
      await expiryOf({ store: { retentionMinutes: 5 } }),
      lives('retentionMinutes', 5 * MINUTE),
    );
  });

  it('is in milliseconds from a thousand on where its name says nothing, and in seconds below', async () => {
    assert.deepEqual(await expiryOf({ store: { maxAge: 60_000 } }), lives('maxAge', MINUTE));
    assert.deepEqual(await expiryOf({ store: { max_age: 300 } }), lives('max_age', 5 * MINUTE));
  });

  it('comes with the interval at which members that ended are removed', async () => {
    const store = { stdTTL: 60, checkperiod: 600 };
    assert.deepEqual(await expiryOf({ store }), { ...lives('stdTTL', MINUTE), sweepMs: 10 * MINUTE });
    assert.equal(await expiryOf({ store: { checkperiod: 600 } }), null);
  });

  it('is none where the number is none, or says something else', async () => {
    for (const [name, value] of Object.entries({
      ttl: 0,
      maxAge: -1,
      timeout: 5000,
      expiryCheckPeriod: 5000,
      ttlResolution: 1000,
      ageLimit: 5000,
      expires: NOW,
      throttle: 5000,
    }))
      assert.equal(await expiryOf({ store: { [name]: value } }), null, name);
  });
});

describe('the end of the oldest members', () => {
  it('is a point in time that they carry, in milliseconds or seconds', async () => {
    const endMs = NOW - 10 * MINUTE;
    assert.deepEqual(await expiryOf({ session: { expiresAt: endMs } }), lives('expiresAt', null, endMs));
    assert.deepEqual(await expiryOf({ session: { _expires: endMs / 1000 } }), lives('_expires', null, endMs));
    assert.equal(await expiryOf({ session: { expiresAt: 0 } }), null);
  });

  it('is their beginning, or their latest use, and the lifetime that the owner gives', async () => {
    const ttl = 5 * MINUTE;
    const createdAt = NOW - 20 * MINUTE;
    const lastUsed = NOW - MINUTE;
    assert.deepEqual(
      await expiryOf({ store: { ttl }, session: { createdAt } }),
      lives('ttl', ttl, createdAt + ttl),
    );
    assert.deepEqual(
      await expiryOf({ store: { ttl }, session: { createdAt, lastUsed } }),
      lives('ttl', ttl, lastUsed + ttl),
    );
    assert.equal(await expiryOf({ session: { createdAt } }), null);
  });

  it('is their beginning and a lifetime of their own', async () => {
    const session = { now: NOW - MINUTE, maxAge: 2 * MINUTE };
    assert.deepEqual(await expiryOf({ session }), lives('maxAge', 2 * MINUTE, NOW + MINUTE));
  });

  it('is to come, where a moment without a name is to come', async () => {
    const t = NOW + MINUTE;
    assert.deepEqual(
      await expiryOf({ store: { ttl: 5 * MINUTE }, session: { t } }),
      lives('ttl', 5 * MINUTE, t),
    );
  });

  it('is to come as well where the owner removes what has ended', async () => {
    const t = NOW + MINUTE;
    const swept = { checkperiod: 600, cleanupIntervalMs: 600_000, PRUNE_EVERY_SECONDS: 600 };
    for (const [name, value] of Object.entries(swept))
      assert.deepEqual(
        await expiryOf({ store: { [name]: value }, session: { t } }),
        { ...lives('t', null, t), sweepMs: 10 * MINUTE },
        name,
      );
    assert.equal(await expiryOf({ store: { checkCount: 600 }, session: { t } }), null);
  });

  it('is that of the oldest, not of the newest', async () => {
    const endMs = NOW - MINUTE;
    const later = { expiresAt: NOW + MINUTE };
    const drawn = { session: { expiresAt: endMs }, later, laterFrom: 32 };
    assert.equal((await expiryOf(drawn))?.oldestEndMs, endMs);
  });

  it('is not told by the few that are kept longer than they should be', async () => {
    const endMs = NOW + MINUTE;
    const drawn = { session: { expiresAt: NOW - 60 * MINUTE }, later: { expiresAt: endMs }, laterFrom: 3 };
    assert.equal((await expiryOf(drawn))?.oldestEndMs, endMs);
  });
});
