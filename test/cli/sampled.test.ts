import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { MARK_NAME } from '../../src/heap/snapshot/sampled-marks.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const KEPT = 40;
const folder = new SnapshotFolder();
const files = [1000, 2000, 3000].map((total) =>
  folder.write(
    `${total}.heapsnapshot`,
    drawHeap(`
      global: object global 40
      root -shortcut 1-> global
      book: object OrderBook 24
      list: object Array 32
      order*${KEPT}: object Order 240
      mark: string ${KEPT}/${total} 32
      global -property book-> book
      book -property orders-> list
      list -element #-> order
      list -property ${MARK_NAME}-> mark`),
  ),
);

describe('the command line, given sampled snapshots', () => {
  it('says in a diff which figures are scaled, and counts members exactly', async () => {
    const { code, stdout } = await leakwatch(['diff', ...files]);
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stdout, /^LEAK suspected {3}about \+480 KB$/m);
    assert.match(stdout, /OrderBook\.orders held 1,000 → 2,000 → 3,000 entries/);
    assert.match(stdout, /^.*3000\.heapsnapshot +about \d+ KB +about \+\d+ KB +\d+ in the file$/m);
    assert.match(stdout, /^Sampled snapshots contain only a part of each big collection: /m);
    assert.doesNotMatch(stdout, /leakwatch\.sampled|40\/3000|undefined|NaN/);
    const two = await leakwatch(['diff', files[0]!, files[2]!]);
    assert.match(two.stdout, /^GREW {3}about \+480 KB$/m);
  });

  it('marks the same in JSON', async () => {
    const { stdout } = await leakwatch(['diff', '--json', ...files]);
    const { suspects, snapshots, paths } = JSON.parse(stdout) as Record<
      string,
      readonly { scaled?: boolean }[]
    >;
    for (const one of [suspects?.[0], snapshots?.[2], paths?.[0]]) assert.equal(one?.scaled, true);
  });

  it('says of one file how much of the heap it lacks', async () => {
    const { code, stdout } = await leakwatch(['analyze', files[2]!]);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(
      stdout,
      /^ {2}sampled +2,960 members of 1 collection were left out; sizes count only the objects in the file$/m,
    );
    const json = await leakwatch(['analyze', '--json', files[2]!]);
    assert.deepEqual((JSON.parse(json.stdout) as { truncated: unknown }).truncated, {
      collections: 1,
      members: 2960,
    });
  });
});
