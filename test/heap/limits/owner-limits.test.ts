import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { analyze } from '../../../src/heap/analysis.js';
import type { Suspect } from '../../../src/heap/suspects/suspect.js';
import type { Success } from '../drawn-analysis.js';

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
const MINUTE = 60_000;

type Suspects = Record<'whole' | 'sampled', readonly Suspect[]>;

/** Of one run, which both kinds of snapshot come from. */
let limitedOwners: Promise<Suspects> | null = null;

async function suspectsOf(name: string): Promise<Suspects> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  try {
    await promisify(execFile)(process.execPath, [program('runner'), program(name), folder]);
    const read = async (file: string, previous: Success | null): Promise<Success> => {
      const snapshot = createReadStream(join(folder, `${file}.heapsnapshot`));
      const result = await analyze({
        snapshot,
        previous: previous?.series ?? null,
        capturedAtMs: Date.now(),
      });
      assert.ok(
        result.outcome === 'success',
        result.outcome === 'failure' ? JSON.stringify(result.cause) : '',
      );
      return result;
    };
    const first = await read('1', await read('0', null));
    return {
      whole: (await read('2', first)).suspects,
      sampled: (await read('2.sampled', first)).suspects,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What ends the path to the members → what is read of its owner. */
const EXPECTED: Readonly<Record<string, Pick<Suspect, 'bound'>>> = {
  recent: { bound: { source: 'setting', name: 'MAX_RECENT', limit: 50_000, unit: 'entries' } },
  '#items': { bound: { source: 'setting', name: 'capacity', limit: 40_000, unit: 'entries' } },
  log: { bound: { source: 'setting', name: 'historySize', limit: 30_000, unit: 'entries' } },
  made: { bound: { source: 'setting', name: 'limit', limit: 20_000, unit: 'entries' } },
  sent: { bound: null },
};

for (const kind of ['whole', 'sampled'] as const) {
  describe(`the owner of what grows, in a ${kind} snapshot of a real program`, () => {
    let suspects: readonly Suspect[];
    before(async () => {
      limitedOwners ??= suspectsOf('limited-owners');
      suspects = (await limitedOwners)[kind];
    });
    const held = (edge: string): Suspect => {
      const found = suspects.find(({ retainerPath }) => retainerPath.at(-2)?.edge === edge);
      assert.ok(found !== undefined, suspects.map(({ holder }) => JSON.stringify(holder)).join());
      return found;
    };

    it('has its limit in a module constant, a static field, its settings or a variable, or has none', () => {
      for (const [edge, { bound }] of Object.entries(EXPECTED))
        assert.deepEqual(held(edge).bound, bound, edge);
    });

    it('has a limit of bytes that is compared with what it counts itself', () => {
      const { bound, steps } = held('texts');
      assert.equal(bound?.name, 'maxBytes');
      assert.equal(bound?.unit, 'bytes');
      assert.ok((bound?.limit ?? 0) > steps.at(-1)!.bytes);
    });

    it('lets members live as long as a constant says, counted from their latest use', () => {
      const { expiry } = held('sessions');
      assert.equal(expiry?.name, 'SESSION_TTL_MS');
      assert.equal(expiry?.lifetimeMs, 10 * MINUTE);
      const left = (expiry?.oldestEndMs ?? 0) - Date.now();
      assert.ok(left > 0 && left <= 10 * MINUTE, `${left}`);
    });

    it('shows that its oldest members ended long ago', () => {
      const { expiry } = held('tokens');
      assert.equal(expiry?.name, 'expiresAt');
      assert.ok(Date.now() - (expiry?.oldestEndMs ?? 0) >= MINUTE);
    });

    it('loses members by a timer each, which runs once', () => {
      const timers = suspects.find(({ mechanism }) => mechanism === 'timers');
      const lives = { name: 'timer', lifetimeMs: MINUTE, oldestEndMs: null };
      assert.deepEqual(timers?.expiry, lives);
    });

    it('has neither limit nor lifetime where only numbers of other things stand beside it', () => {
      assert.equal(held('sent').expiry, null);
      assert.equal(held('recent').expiry, null);
    });

    it('holds its members weakly, one by one or in a record each', () => {
      assert.equal(held('weak').mechanism, 'weak references');
      assert.equal(held('boxes').mechanism, 'weak references');
      assert.equal(held('weak').finalized, false, 'nothing of the program takes them out');
      assert.equal(held('recent').mechanism, null);
    });
  });
}
