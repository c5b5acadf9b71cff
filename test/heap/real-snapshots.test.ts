import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { analyze } from '../../src/heap/analysis.js';
import type { Success } from './drawn-analysis.js';

const ROUNDS = 3;
const CALLS = 600;
const program = (name: string) => fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));

/** Runs a program in a process of its own and analyses the snapshots it took of itself. */
async function analyzeProgram(name: string): Promise<Success> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  try {
    await promisify(execFile)(process.execPath, [program('runner'), program(name), folder]);
    let latest: Success | null = null;
    for (let round = 0; round < ROUNDS; round++) {
      const result = await analyze({
        snapshot: createReadStream(join(folder, `${round}.heapsnapshot`)),
        previous: latest?.series ?? null,
        capturedAtMs: round * 1000,
      });
      assert.ok(result.outcome === 'success', result.outcome === 'failure' ? result.reason : '');
      latest = result;
    }
    assert.ok(latest !== null);
    return latest;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Program → holder, class of the members, and fingerprint. The fingerprints are written down because they must be the
 * same on every supported version of Node: a test run on another version compares with them.
 */
const LEAKS = {
  map: ['module variable sessions of programs/map.js', 'Session', 'lw-a44321309fdb401a'],
  set: ['module variable seen of programs/set.js', 'Token', 'lw-84758f1ab25c7854'],
  array: ['OrderHistory.orders', 'Order', 'lw-0ddadb7d538bee57'],
  dictionary: ['MemoryStore.sessions', 'string', 'lw-0edaa77aa1db00ba'],
  closure: ['closure variable cache of handler()', 'Object', 'lw-1d9d09939af9be13'],
  'static-field': ['Registry.all', 'Item', 'lw-fda8cc35bcc7ae98'],
  'private-field': ['Box.#items', 'Object', 'lw-1a0563fc48c079ca'],
  'linked-list': ['module variable head of programs/linked-list.js', 'Object', 'lw-b85fc72af230f70b'],
  listeners: ['Bus._events.close', 'function', 'lw-792b6a3f0d6027b3'],
} as const;

describe('an analysis of real snapshots', () => {
  for (const [name, [owner, className, fingerprint]] of Object.entries(LEAKS)) {
    it(`finds the holder of a leak into: ${name}`, async () => {
      const { suspects, series } = await analyzeProgram(name);
      const [first] = suspects;
      assert.equal(first?.owner, owner);
      assert.equal(first.className, className);
      assert.equal(first.artefact, null);
      assert.equal(first.risingSteps, ROUNDS - 1);
      const gained = first.steps.at(-1)!.count - first.steps[0]!.count;
      assert.equal(gained, CALLS * (ROUNDS - 1));
      assert.equal(suspects.filter(({ artefact }) => artefact === null).length, 1, 'one leak is one suspect');
      assert.equal(first.fingerprint, fingerprint);
      assert.doesNotMatch(JSON.stringify(suspects), /planted-secret/);
      assert.doesNotMatch(inflateRawSync(series).toString(), /planted-secret/);
    });
  }

  it('gives the same fingerprint to the same leak in another process', async () => {
    const [one, other] = [await analyzeProgram('map'), await analyzeProgram('map')];
    assert.equal(one.suspects[0]!.fingerprint, other.suspects[0]!.fingerprint);
  });

  it('says what a member looks like, and which bound its owner has', async () => {
    const [map, array] = [await analyzeProgram('map'), await analyzeProgram('array')];
    assert.deepEqual(map.suspects[0]!.fields, ['id', 'user']);
    assert.equal(map.suspects[0]!.bound, null);
    assert.deepEqual(array.suspects[0]!.bound, { name: 'max', limit: 1_000_000 });
  });

  it('finds nothing but artefacts in a healthy program', async () => {
    const { suspects } = await analyzeProgram('healthy');
    assert.deepEqual(
      suspects.filter(({ artefact }) => artefact === null),
      [],
    );
  });

  it('shows the leaking class among the classes that grew, at most 50 of them', async () => {
    const { classes } = await analyzeProgram('map');
    const row = classes.find(({ className }) => className === 'Session');
    assert.deepEqual(row?.counts, [CALLS, 2 * CALLS, 3 * CALLS]);
    assert.ok(classes.length <= 50);
  });
});
