import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeakwatchError } from '../../../src/errors.js';
import {
  type HeapSnapshot,
  labelAt,
  labelName,
  NODE_TYPES,
} from '../../../src/heap/snapshot/heap-snapshot.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { MAX_NAME_LENGTH } from '../../../src/heap/snapshot/string-table.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

const DRAWING = `
  store: object "Mémory \\"Store\\"" 40
  value: string planted-secret 32
  named: string sessions 24
  root -element 7-> store
  store -property sessions-> value
  store -property id-> named
  store -weak 1-> root
`;

const read = (bytes: Uint8Array, chunk?: number) => parseSnapshot(inChunks(bytes, chunk));
const text = (snapshot: HeapSnapshot, node: number) => snapshot.strings.text(snapshot.nodeName[node]!);

function withHeader(bytes: Uint8Array, change: (header: Record<string, unknown>) => void): Uint8Array {
  const snapshot = JSON.parse(Buffer.from(bytes).toString());
  change(snapshot.snapshot);
  return Buffer.from(JSON.stringify(snapshot));
}

async function refuses(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(read(bytes), (error) => {
    assert.ok(error instanceof LeakwatchError);
    assert.equal(error.code, 'LEAKWATCH_ERR_SNAPSHOT_FORMAT');
    assert.match(error.message, /at byte \d+/);
    assert.match(error.message, message);
    return true;
  });
}

describe('the snapshot parser', () => {
  it('reads nodes and edges with the fields of Node 20 and with those of Node 24', async () => {
    for (const style of ['node-20', 'node-24'] as const) {
      const snapshot = await read(drawHeap(DRAWING.replaceAll('\\"', ''), style));
      assert.equal(snapshot.nodeCount, 4);
      assert.equal(snapshot.edgeCount, 4);
      assert.deepEqual([...snapshot.firstEdge], [0, 1, 4, 4, 4]);
      assert.deepEqual([...snapshot.edgeTo], [1, 2, 3, 0]);
      assert.deepEqual([...snapshot.selfSize], [0, 40, 32, 24]);
      assert.equal(NODE_TYPES[snapshot.nodeType[2]!], 'string');
      assert.equal(labelName(labelAt(snapshot, 0, 0)), 7);
      assert.equal(text(snapshot, 1), 'Mémory Store');
    }
  });

  it('reads the same from chunks of any size', async () => {
    const bytes = drawHeap(DRAWING.replaceAll('\\"', ''));
    const whole = await read(bytes);
    for (const size of [1, 2, 3, 7, 64]) assert.deepEqual(await read(bytes, size), whole);
  });

  it('drops the text of strings, except of a string that also names an edge', async () => {
    const snapshot = await read(drawHeap(DRAWING.replaceAll('\\"', '')));
    assert.equal(text(snapshot, 2), '');
    assert.equal(text(snapshot, 3), 'sessions');
    assert.doesNotMatch(JSON.stringify(snapshot), /planted/);
  });

  it('keeps no text of key or value in the name of a WeakMap entry', async () => {
    for (const text of [
      'planted-secret',
      'a planted-secret (of @7) -> value (x',
      'planted-secret'.repeat(60),
    ]) {
      const entry = `3 / part of key (${text} @11) -> value (${text} @13) pair in WeakMap (table @15)`;
      const bytes = drawHeap('key: object Key\ntable: array ""\nkey -internal ENTRY-> table');
      const drawn = Buffer.from(bytes)
        .toString()
        .replace('"ENTRY"', JSON.stringify(entry.slice(0, 1024)));
      const { strings } = await read(Buffer.from(drawn));
      const names = Array.from({ length: strings.length }, (_, index) => strings.text(index));
      assert.doesNotMatch(names.join(), /planted/);
      const name = names.find((kept) => kept.includes('part of key'));
      if (text === 'planted-secret')
        assert.equal(name, '3 / part of key (@11) -> value (@13) pair in WeakMap (table @15)');
      else assert.match(name ?? '', /^3 \/ part of key \(/);
    }
  });

  it('decodes escaped names and cuts long ones at a whole character', async () => {
    const bytes = Buffer.from(drawHeap('a: object NAME\nb: object LONG\nroot -element 1-> a'));
    const snapshot = await read(
      Buffer.from(
        bytes.toString().replace('NAME', 'tab\\t\\u00e9\\"').replace('LONG', '\\u00e9'.repeat(500)),
      ),
    );
    assert.equal(text(snapshot, 1), 'tab\té"');
    assert.equal(text(snapshot, 2), 'é'.repeat(MAX_NAME_LENGTH));
  });

  it('skips unknown sections at any position', async () => {
    const bytes = Buffer.from(drawHeap(DRAWING.replaceAll('\\"', ''))).toString();
    const more = bytes.replace('"edges"', '"scopes":[{"a":"]}"},[1]],"extra":12 ,"edges"');
    assert.equal((await read(Buffer.from(more))).edgeCount, 4);
  });

  it('refuses a file that ends too early, at every byte', async () => {
    const bytes = drawHeap('a: object A\nroot -element 1-> a');
    for (let end = 0; end < bytes.length; end++) await refuses(bytes.subarray(0, end), /ends too early/);
  });

  it('refuses text that is not JSON, and text after its end', async () => {
    await refuses(Buffer.from('PK\u0003\u0004'), /at byte 0: it is not the JSON/);
    await refuses(Buffer.concat([drawHeap('a: object A'), Buffer.from('x')]), /not the JSON/);
    await refuses(Buffer.from('{}'), /a section is missing/);
  });

  it('refuses wrong counts', async () => {
    const bytes = drawHeap(DRAWING.replaceAll('\\"', ''));
    const set = (name: string, value: unknown) => withHeader(bytes, (header) => (header[name] = value));
    await refuses(set('node_count', 5), /4 nodes where the header says 5/);
    await refuses(set('node_count', 3), /more than 3 nodes/);
    await refuses(set('edge_count', 3), /more than 3 edges/);
    await refuses(set('edge_count', 9), /claim 4 edges/);
    await refuses(set('node_count', -1), /not a count/);
    await refuses(set('node_count', 4_294_967_000), /where the header says/);
  });

  it('refuses targets and names out of range', async () => {
    const change = (edit: (snapshot: { nodes: number[]; edges: number[] }) => void) => {
      const snapshot = JSON.parse(Buffer.from(drawHeap('a: object A\nroot -element 1-> a')).toString());
      edit(snapshot);
      return Buffer.from(JSON.stringify(snapshot));
    };
    await refuses(
      change(({ edges }) => (edges[2] = 14)),
      /points to no node/,
    );
    await refuses(
      change(({ edges }) => (edges[2] = 3)),
      /points to no node/,
    );
    await refuses(
      change(({ nodes }) => (nodes[8] = 99)),
      /outside the string table/,
    );
    await refuses(
      change(({ nodes }) => (nodes[8] = 4e9)),
      /outside the string table/,
    );
    await refuses(
      change(({ nodes }) => (nodes[7] = 77)),
      /type that the header does not list/,
    );
    await refuses(
      change(({ nodes }) => nodes.pop()),
      /within a record/,
    );
    await refuses(
      change(({ nodes }) => (nodes[1] = -1)),
      /not a list of numbers/,
    );
  });

  it('refuses duplicate sections and sections in the wrong order', async () => {
    const text = Buffer.from(drawHeap('a: object A')).toString();
    await refuses(Buffer.from(text.replace('"samples"', '"nodes"')), /comes twice/);
    await refuses(Buffer.from('{"nodes":[]}'), /before the header/);
    await refuses(Buffer.from('{"strings":[]}'), /before the edges/);
  });

  it('stops on request', async () => {
    const reason = new Error('enough');
    await assert.rejects(
      parseSnapshot(inChunks(drawHeap('a: object A'), 8), { signal: AbortSignal.abort(reason) }),
      reason,
    );
  });
});
