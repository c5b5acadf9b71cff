import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClassKey, classTable, classText } from '../../../src/heap/growth/class-key.js';
import { ClassNames } from '../../../src/heap/growth/class-names.js';
import type { HeapSnapshot } from '../../../src/heap/snapshot/heap-snapshot.js';
import { parseDrawing } from './random-heap.js';

const classesOf = (snapshot: HeapSnapshot) => classTable(snapshot, new ClassNames(snapshot, []));

/** The class of the first drawn object. */
async function classOf(drawing: string): Promise<ClassKey> {
  const { keys, classOf } = classesOf(await parseDrawing(drawing));
  return keys[classOf[1]!]!;
}

const record = (fields: readonly string[], objects = 4) => `
  record*${objects}: object Object 40
  value: string x 16
  ${fields.map((field) => `record -property "${field}"-> value`.replaceAll('"', '')).join('\n')}
`;

describe('the class of an object', () => {
  it('is told apart by the fields of plain objects, in whatever order they were set', async () => {
    const { keys, classOf } = classesOf(
      await parseDrawing(`
        one*4: object Object 40
        other*4: object Object 40
        third*4: object Object 40
        value: string x 16
        one -property items-> value
        one -property customer-> value
        one -property __proto__-> value
        other -property customer-> value
        other -property items-> value
        third -property customer-> value
      `),
    );
    assert.deepEqual(keys[classOf[1]!], { className: 'Object', location: null, shape: '{customer, items}' });
    assert.equal(classOf[5], classOf[1]);
    assert.equal(keys[classOf[9]!]!.shape, '{customer}');
    assert.ok(keys.every(({ className, shape }) => className === 'Object' || shape === null));
  });

  it('shows no keys that look like data', async () => {
    const secrets = ['planted-secret-1', 'planted 2', '4111', 'a@b.c', `x${'y'.repeat(50)}`, 'user20261122'];
    const { shape } = await classOf(record([...secrets, 'total']));
    assert.equal(shape, '{total, [key]}');
    assert.equal((await classOf(record(secrets))).shape, '{[key]}');
  });

  it('counts an accessor as a field, symbols and unset fields as none', async () => {
    assert.equal((await classOf(record(['get size', 'set size', '<symbol kState>']))).shape, '{size}');
    assert.equal((await classOf(record(['__proto__']))).shape, null);
  });

  it('names a dozen fields and counts the others; an object with very many is a table', async () => {
    const fields = (count: number) => Array.from({ length: count }, (_, index) => `f${index + 10}`);
    assert.match((await classOf(record(fields(15)))).shape ?? '', /^\{f10, .*, f21, … 3 more\}$/);
    assert.equal((await classOf(record(fields(33)))).shape, '{[key]}');
  });

  it('has no shape when hardly another object looks the same', async () => {
    assert.equal((await classOf(record(['customer'], 3))).shape, null);
    assert.equal((await classOf(record(['customer'], 4))).shape, '{customer}');
  });

  it('has one class for all text, and one for all functions of a name', async () => {
    const { keys, classOf } = classesOf(
      await parseDrawing(
        'a: string one\nb: sliced string two\nc: closure run\nd: closure run\ne: closure ""',
      ),
    );
    assert.deepEqual(
      [...classOf.subarray(1)].map((id) => keys[id]!.className),
      ['string', 'string', 'run()', 'run()', 'function'],
    );
    assert.equal(new Set(classOf.subarray(1)).size, 3);
  });
});

describe('a class that only the prototype tells', () => {
  it('is asked of every object that its constructor made', async () => {
    const { keys, classOf } = classesOf(
      await parseDrawing(`
        signal*3: object EventTarget 40
        target*2: object EventTarget 40
        prototype: object Object 40
        maker: closure AbortSignal
        signal -property __proto__-> prototype
        prototype -property constructor-> maker
      `),
    );
    assert.deepEqual(
      [...classOf.subarray(1, 6)].map((id) => keys[id]!.className),
      ['AbortSignal', 'AbortSignal', 'AbortSignal', 'EventTarget', 'EventTarget'],
    );
    assert.equal(new Set(classOf.subarray(1, 6)).size, 2);
  });
});

describe('two classes of one name', () => {
  /** An object of each, with its constructor and its script. A drawing has no places: they are put in by hand. */
  async function twoClasses(scriptIds: readonly number[], addresses: readonly string[], lines = [4, 4]) {
    const snapshot = await parseDrawing(`
      one: object Entry 24
      two: object Entry 24
      maker: closure Entry
      twin: closure Entry
      info: code Entry
      infoOfTwin: code Entry
      script: code "${addresses[0]}"
      scriptOfTwin: code "${addresses[1]}"
      maker -internal shared-> info
      twin -internal shared-> infoOfTwin
      info -internal script-> script
      infoOfTwin -internal script-> scriptOfTwin
    `);
    const { keys, classOf } = classesOf({
      ...snapshot,
      nodeLocation: Uint16Array.of(0, 1, 2, 1, 2, 0, 0, 0, 0),
      locations: {
        scriptId: Uint32Array.of(0, ...scriptIds),
        line: Uint32Array.of(0, ...lines),
        column: Uint32Array.of(0, 11, 11),
      },
    });
    return [keys[classOf[1]!]!, keys[classOf[2]!]!] as const;
  }

  it('stay apart when two modules define them, each with its place', async () => {
    const [one, two] = await twoClasses([61, 62], ['file:///app/a.js', 'file:///app/b.js']);
    assert.deepEqual(one, {
      className: 'Entry',
      location: { script: 'file:///app/a.js', line: 5, column: 12 },
      shape: null,
    });
    assert.equal(two.location?.script, 'file:///app/b.js');
    const [first, second] = await twoClasses([61, 61], ['file:///app/a.js', 'file:///app/a.js'], [4, 9]);
    assert.deepEqual([first.location?.line, second.location?.line], [5, 10]);
  });

  it('are one when the same module was loaded twice, whatever numbers V8 gave its scripts', async () => {
    const [one, two] = await twoClasses([61, 62], ['file:///app/a.js', 'file:///app/a.js']);
    assert.equal(one, two);
    const [fresh, again] = await twoClasses([61, 62], ['file:///app/a.js?v=1', 'file:///app/a.js?v=2']);
    assert.equal(fresh, again);
    assert.equal(classText(fresh), classText(one));
    const [elsewhere] = await twoClasses([7, 8], ['file:///app/a.js', 'file:///app/a.js']);
    assert.equal(classText(elsewhere), classText(one));
  });
});
