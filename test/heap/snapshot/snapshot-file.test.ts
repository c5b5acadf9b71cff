import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseSnapshotFile } from '../../../src/heap/snapshot/snapshot-file.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

/** Large enough for several slots of the ring, so that numbers lie across their borders. */
const DRAWING = `
  global: object global
  list: object Array 32
  order*30000: object Order 24
  name*30000: string "planted secret" 32
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
  order -property name-> name
`;
const IN_PARALLEL = 0;
const ONE_THREAD = Number.POSITIVE_INFINITY;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
});
after(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'one.heapsnapshot');
  await writeFile(path, bytes);
  return path;
}

describe('a snapshot file', () => {
  for (const style of ['node-20', 'node-24'] as const) {
    it(`is read by two threads as by one (${style})`, async () => {
      const bytes = drawHeap(DRAWING, style);
      const path = await fileOf(bytes);
      const expected = await parseSnapshot(inChunks(bytes));
      assert.deepEqual(await parseSnapshotFile(path, {}, IN_PARALLEL), expected);
      assert.deepEqual(await parseSnapshotFile(path, {}, ONE_THREAD), expected);
    });
  }

  it('that is damaged gets the same error from two threads as from one', async () => {
    const whole = Buffer.from(drawHeap(DRAWING));
    const middle = whole.length >> 1;
    const damages = [
      whole.subarray(0, middle),
      Buffer.concat([whole.subarray(0, middle), Buffer.from('x'), whole.subarray(middle)]),
      Buffer.concat([whole.subarray(0, middle), Buffer.from(',1,1,1'), whole.subarray(middle)]),
      Buffer.from(whole.toString().replace('"strings"', '"nodes"')),
      Buffer.alloc(0),
    ];
    for (const bytes of damages) {
      const path = await fileOf(bytes);
      const errorOf = (minParallelBytes: number) =>
        parseSnapshotFile(path, {}, minParallelBytes).then(
          () => 'no error',
          (error: Error) => error.message,
        );
      const expected = await errorOf(ONE_THREAD);
      assert.match(expected, /at byte \d+/);
      assert.equal(await errorOf(IN_PARALLEL), expected);
    }
  });

  it('that is missing or is a folder gives the error of the system', async () => {
    await assert.rejects(parseSnapshotFile(join(folder, 'missing')), { code: 'ENOENT' });
    for (const minParallelBytes of [IN_PARALLEL, ONE_THREAD]) {
      await assert.rejects(parseSnapshotFile(folder, {}, minParallelBytes), { code: 'EISDIR' });
    }
  });

  it('tells how far it is read, and is left when told to', async () => {
    const bytes = drawHeap(DRAWING);
    const path = await fileOf(bytes);
    for (const minParallelBytes of [IN_PARALLEL, ONE_THREAD]) {
      const seen: number[] = [];
      await parseSnapshotFile(path, { onBytes: (read) => seen.push(read) }, minParallelBytes);
      assert.equal(seen.at(-1), bytes.length);
      const stop = new AbortController();
      const reason = new Error('enough');
      const options = { signal: stop.signal, onBytes: () => stop.abort(reason) };
      await assert.rejects(parseSnapshotFile(path, options, minParallelBytes), reason);
    }
  });
});
