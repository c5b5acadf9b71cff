import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseInParallel, parseSnapshotFile, readChunks } from '../../../src/heap/snapshot/snapshot-file.js';
import { type ParseOptions, parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
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

/** Null from two threads means that the file is to be read by one. */
const parse = async (path: string, threads: 1 | 2, options: ParseOptions = {}) =>
  (threads === 2 ? await parseInParallel(path, (await stat(path)).size, options) : null) ??
  parseSnapshot(readChunks(path), options);

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
      assert.deepEqual(await parseInParallel(path, bytes.length, {}), expected);
      assert.deepEqual(await parseSnapshotFile(path), expected);
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
      const errorOf = (threads: 1 | 2) =>
        parse(path, threads).then(
          () => 'no error',
          (error: Error) => error.message,
        );
      const expected = await errorOf(1);
      assert.match(expected, /at byte \d+/);
      assert.equal(await errorOf(2), expected);
    }
  });

  it('that is missing or is a folder gives the error of the system', async () => {
    await assert.rejects(parseSnapshotFile(join(folder, 'missing')), { code: 'ENOENT' });
    for (const threads of [1, 2] as const) await assert.rejects(parse(folder, threads), { code: 'EISDIR' });
  });

  it('tells how far it is read, and is left when told to', async () => {
    const bytes = drawHeap(DRAWING);
    const path = await fileOf(bytes);
    for (const threads of [1, 2] as const) {
      const seen: number[] = [];
      await parse(path, threads, { onBytes: (read) => seen.push(read) });
      assert.equal(seen.at(-1), bytes.length);
      const stop = new AbortController();
      const reason = new Error('enough');
      const options = { signal: stop.signal, onBytes: () => stop.abort(reason) };
      await assert.rejects(parse(path, threads, options), reason);
    }
  });
});
