import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { analyze } from '../../src/heap/analysis.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import type { Success } from './drawn-analysis.js';

const ROUNDS = 3;
const CALLS = 600;
/** Bytes of a member that V8 may count elsewhere, in its caches. */
const SCALED_WITHIN = 0.2;
const program = (name: string) => fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
const run = promisify(execFile);

/** A sampled snapshot destroys its process, so each is taken of one of its own that did as many rounds. */
async function takeSeries(name: string, folder: string): Promise<void> {
  await run(process.execPath, [program('runner'), program(name), folder]);
  for (let rounds = 1; rounds < ROUNDS; rounds++)
    await run(process.execPath, [program('runner'), program(name), folder, String(rounds)]);
}

async function analyzeSeries(folder: string, suffix: string): Promise<Success> {
  let latest: Success | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const result = await analyze({
      snapshot: createReadStream(join(folder, `${round}${suffix}.heapsnapshot`)),
      previous: latest?.series ?? null,
      capturedAtMs: round * 1000,
    });
    assert.ok(result.outcome === 'success', result.outcome === 'failure' ? JSON.stringify(result.cause) : '');
    latest = result;
  }
  assert.ok(latest !== null);
  return latest;
}

const isClose = (a: number, b: number) => Math.abs(a - b) <= SCALED_WITHIN * Math.max(a, b);

/** Whether the leak lies in a collection, so that there is something to scale. */
const PROGRAMS: Readonly<Record<string, boolean>> = {
  array: true,
  map: true,
  set: true,
  dictionary: true,
  'two-holders': true,
  'weak-map': true,
  'linked-list': false,
};

describe('a series of sampled snapshots', { concurrency: 2 }, () => {
  for (const [name, isCollection] of Object.entries(PROGRAMS)) {
    it(`tells of a leak into ${name} what a series of whole ones does`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
      try {
        await takeSeries(name, folder);
        const [full, part] = [await analyzeSeries(folder, ''), await analyzeSeries(folder, '.sampled')];
        const [expected, found] = [full.suspects[0]!, part.suspects[0]!];
        const told = ({
          fingerprint,
          holder,
          className,
          retainerPath,
          alsoHeldBy,
          risingSteps,
          steps,
        }: Suspect) => ({
          fingerprint,
          holder,
          className,
          retainerPath,
          alsoHeldBy,
          risingSteps,
          counts: steps.map(({ count }) => count),
        });
        assert.deepEqual(told(found), told(expected));
        assert.equal(found.scaled, isCollection ? true : undefined);
        for (const [step, { bytes }] of found.steps.entries())
          assert.ok(isClose(bytes, expected.steps[step]!.bytes), `${bytes} at ${step}`);
        assert.ok(isClose(found.gainedBytes!, expected.gainedBytes!));
        assert.ok(isClose(found.held!.exclusive, expected.held!.exclusive));
        const row = (result: Success) =>
          result.classes.find(({ className }) => className === expected.className);
        if (!['Object', 'string'].includes(expected.className))
          assert.deepEqual(row(part)?.counts, row(full)?.counts);
        assert.equal(found.steps.at(-1)!.count - found.steps[0]!.count, CALLS * (ROUNDS - 1));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
