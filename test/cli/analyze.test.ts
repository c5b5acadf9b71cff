import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

interface Sized {
  readonly id: number;
  readonly className: string;
  readonly shallowBytes: number;
  readonly retainedBytes: number;
}

interface Document {
  readonly schemaVersion: number;
  readonly command: string;
  readonly file: string;
  readonly nodes: number;
  readonly edges: number;
  readonly heapBytes: number;
  readonly classCount: number;
  readonly suspects: readonly (Sized & { readonly owner: string; readonly holder: string })[];
  readonly dominators: readonly (Sized & { readonly share: number })[];
  readonly classes: readonly (Omit<Sized, 'id'> & { readonly count: number })[];
}

const folder = new SnapshotFolder();
const real = folder.take('leaking').at(-1)!;
const drawn = folder.write(
  'drawn.heapsnapshot',
  drawHeap(`
    global: object global 40
    store: object Store 100
    list: object Array 32
    order*50: object Order 24
    box*50: object Box 1000
    root -shortcut 1-> global
    global -property store-> store
    store -property orders-> list
    list -element #-> order
    order -property box-> box
  `),
);

async function document(...args: readonly string[]): Promise<Document> {
  const { code, stdout, stderr } = await leakwatch(['analyze', '--json', ...args]);
  assert.deepEqual([code, stderr], [EXIT_CODES.clean, '']);
  return JSON.parse(stdout) as Document;
}

describe('leakwatch analyze', () => {
  it('gives totals, classes with retained sizes, biggest objects and what holds most as JSON', async () => {
    const found = await document(drawn);
    const ordersBytes = 50 * 1024;
    const heapBytes = 40 + 100 + 32 + ordersBytes;
    assert.deepEqual(
      [found.schemaVersion, found.command, found.file, found.nodes, found.edges, found.heapBytes],
      [1, 'analyze', drawn, 104, 103, heapBytes],
    );
    const order = found.classes.find(({ className }) => className === 'Order');
    assert.deepEqual([order?.count, order?.shallowBytes, order?.retainedBytes], [50, 50 * 24, ordersBytes]);
    const [biggest] = found.dominators;
    assert.equal(biggest?.className, 'Array', 'what only passes on to it is not listed before it');
    assert.deepEqual([biggest.shallowBytes, biggest.retainedBytes], [32, ordersBytes + 32]);
    assert.equal(biggest.share, (ordersBytes + 32) / heapBytes);
    const [suspect] = found.suspects;
    assert.deepEqual([suspect?.owner, suspect?.holder], ['Store.orders', 'program']);
    assert.equal(suspect?.id, biggest.id);
    // The drawing numbers its objects as V8 does: odd, in order.
    assert.equal(suspect?.id, 7);
  });

  it('shows a person the holder, the way to it and the id for DevTools', async () => {
    const { code, stdout, stderr } = await leakwatch(['analyze', real]);
    assert.deepEqual([code, stderr], [EXIT_CODES.clean, '']);
    assert.match(stdout, /^HEAP {3}\d[\d.]* MB in [\d,]+ objects, [\d,]+ references, [\d,]+ classes\n/);
    assert.match(stdout, /^LARGE {3}\d+ KB, \d+ % of the heap$/m);
    assert.match(stdout, /^ {2}what +variable sessions of programs\/leaking\.js holds [\d,]+ objects /m);
    assert.match(stdout, /^ {2}held by +programs\/leaking\.js › sessions: Map$/m);
    assert.match(stdout, /^ {2}holds +Session ×1,500 \(/m);
    const id = /^ {2}DevTools +Map (@\d+)$/m.exec(stdout)?.[1];
    assert.ok(id !== undefined);
    assert.match(stdout, new RegExp(`^ {2}Map +${id} .* programs/leaking\\.js › sessions: Map$`, 'm'));
    assert.doesNotMatch(stdout, /undefined|NaN|Infinity/);
  });

  it('names objects by ids that the snapshot has for them', async () => {
    const { dominators, nodes } = await document('--top', '50', real);
    const snapshot = JSON.parse(readFileSync(real, 'utf8')) as {
      snapshot: { node_count: number; meta: { node_fields: string[] } };
      nodes: number[];
    };
    assert.equal(nodes, snapshot.snapshot.node_count);
    const fields = snapshot.snapshot.meta.node_fields;
    const sizes = new Map<number, number>();
    for (let at = 0; at < snapshot.nodes.length; at += fields.length) {
      const [id, size] = ['id', 'self_size'].map((field) => snapshot.nodes[at + fields.indexOf(field)]!);
      sizes.set(id!, size!);
    }
    assert.equal(dominators.length, 50);
    assert.deepEqual(
      dominators.map(({ shallowBytes }) => shallowBytes),
      dominators.map(({ id }) => sizes.get(id)),
    );
    assert.equal(new Set(dominators.map(({ id }) => id)).size, 50);
  });

  it('tells no value of the heap', async () => {
    for (const args of [[real], ['--json', '--top', '1000', real]]) {
      const { stdout } = await leakwatch(['analyze', ...args]);
      assert.ok(stdout.length > 0);
      assert.doesNotMatch(stdout, /planted-secret/);
    }
  });

  it('reads standard input', async () => {
    const [fromFile, fromPipe] = [
      await leakwatch(['analyze', drawn]),
      await leakwatch(['analyze', '-'], readFileSync(drawn)),
    ];
    assert.equal(fromPipe.code, EXIT_CODES.clean);
    assert.equal(fromPipe.stdout, fromFile.stdout.replace(drawn, 'standard input'));
  });

  it('lists as many rows as --top says', async () => {
    const { classes, dominators, classCount } = await document('--top', '2', real);
    assert.deepEqual([classes.length, dominators.length], [2, 2]);
    assert.ok(classCount > 100);
  });
});
