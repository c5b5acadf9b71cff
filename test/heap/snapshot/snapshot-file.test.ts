import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseSnapshotFile } from '../../../src/heap/snapshot/snapshot-file.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

/** Large enough for several chunks, so that numbers lie across their borders. */
const DRAWING = `
  global: object global
  list: object Array 32
  order*60000: object Order 24
  name*60000: string "planted secret" 32
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
  order -property name-> name
`;

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
    it(`is parsed like its bytes (${style})`, async () => {
      const bytes = drawHeap(DRAWING, style);
      assert.ok(bytes.length > 2 << 20);
      assert.deepEqual(await parseSnapshotFile(await fileOf(bytes)), await parseSnapshot(inChunks(bytes)));
    });
  }

  it('that is missing or is a folder gives the error of the system', async () => {
    await assert.rejects(parseSnapshotFile(join(folder, 'missing')), { code: 'ENOENT' });
    await assert.rejects(parseSnapshotFile(folder), { code: 'EISDIR' });
  });

  it('reports progress while it is read, and stops on request', async () => {
    const bytes = drawHeap(DRAWING);
    const path = await fileOf(bytes);
    const seen: number[] = [];
    await parseSnapshotFile(path, { onBytes: (read) => seen.push(read) });
    assert.equal(seen.at(-1), bytes.length);
    assert.ok(seen.length > 2);
    const stop = new AbortController();
    const reason = new Error('enough');
    const options = { signal: stop.signal, onBytes: () => stop.abort(reason) };
    await assert.rejects(parseSnapshotFile(path, options), reason);
  });
});
