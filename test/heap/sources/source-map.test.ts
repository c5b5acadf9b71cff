import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SourceMap as NodeSourceMap } from 'node:module';
import { describe, it } from 'node:test';
import { SourceMap } from '../../../src/heap/sources/source-map.js';

/** A script that the compiler has made a map of: this test. */
const MAP = new URL('./source-map.test.js.map', import.meta.url);
const SCRIPT = readFileSync(new URL('./source-map.test.js', import.meta.url), 'utf8');
const payload = JSON.parse(readFileSync(MAP, 'utf8'));

describe('A source map', () => {
  it("agrees with Node's at every position with a segment at or before it in its line", () => {
    const ours = new SourceMap(payload, MAP);
    const nodes = new NodeSourceMap(payload);
    let compared = 0;
    for (const [line, text] of SCRIPT.split('\n').entries()) {
      for (let column = 0; column < text.length; column++) {
        const expected = nodes.findEntry(line, column);
        // Node goes on to the line before, which says nothing of this one.
        if (!('generatedLine' in expected) || expected.generatedLine !== line) continue;
        const found = ours.find(line + 1, column + 1);
        assert.deepEqual(
          [found?.line, found?.column, found?.compiledColumn],
          [expected.originalLine + 1, expected.originalColumn + 1, expected.generatedColumn + 1],
        );
        compared++;
      }
    }
    assert.ok(compared > 1000, `only ${compared} positions`);
  });

  it('gives the address of the source, relative to sourceRoot and to the map itself', () => {
    const url = (change: object) =>
      new SourceMap(
        { version: 3, mappings: 'AAAA', sources: ['src/a.ts'], ...change },
        new URL('file:///app/dist/a.js.map'),
      ).find(1, 1)?.url;
    assert.equal(url({}), 'file:///app/dist/src/a.ts');
    assert.equal(url({ sourceRoot: '..' }), 'file:///app/src/a.ts');
    assert.equal(url({ sourceRoot: 'file:///home/' }), 'file:///home/src/a.ts');
    assert.equal(url({ sources: ['webpack://shop/./a.ts'] }), 'webpack://shop/a.ts');
    assert.equal(url({ sources: ['/abs/a.ts'], sourceRoot: 'x' }), 'file:///abs/a.ts');
  });

  it('does not reveal code, queries or passwords in the name of a source', () => {
    for (const [source, expected] of [
      ['data:text/javascript,secret', 'data:'],
      ['https://user:secret@host/a.ts?secret#secret', 'https://host/a.ts'],
      ['a.ts?secret\nsecret', 'file:///app/dist/a.ts'],
    ] as const) {
      const payload = { version: 3, mappings: 'AAAA', sources: [source] };
      assert.equal(new SourceMap(payload, new URL('file:///app/dist/a.js.map')).find(1, 1)?.url, expected);
    }
  });

  it('may consist of sections, each with its own map', () => {
    const map = (source: string) => ({ version: 3, mappings: 'AAAA;AACA', sources: [source] });
    const indexed = new SourceMap(
      {
        version: 3,
        sections: [
          { offset: { line: 0, column: 0 }, map: map('a.ts') },
          { offset: { line: 2, column: 10 }, map: map('b.ts') },
        ],
      },
      new URL('file:///app/all.js.map'),
    );
    const at = (line: number, column: number) => {
      const place = indexed.find(line, column);
      return place === null ? null : [place.url.split('/').at(-1), place.line, place.compiledColumn];
    };
    assert.deepEqual(at(2, 1), ['a.ts', 2, 1]);
    assert.deepEqual(at(3, 15), ['b.ts', 1, 11]);
    assert.deepEqual(at(4, 5), ['b.ts', 2, 1]);
    assert.equal(at(3, 5), null, 'behind the last line of the first map');
  });

  it('is refused if it is malformed', () => {
    for (const broken of [
      null,
      {},
      { mappings: 3, sources: [] },
      { mappings: '!', sources: [] },
      { mappings: 'A' },
    ]) {
      assert.throws(() => new SourceMap(broken, MAP));
    }
    assert.throws(() => new SourceMap({ mappings: 'gggggggggggA', sources: [] }, MAP));
    assert.throws(() => new SourceMap({ mappings: 'AAAAAA', sources: [] }, MAP));
  });

  it('is refused if its table would take more than 64 MiB', () => {
    for (const mappings of [';'.repeat(2 ** 24), 'A,'.repeat(2 ** 22)])
      assert.throws(() => new SourceMap({ version: 3, mappings, sources: [] }, MAP), /too many mappings/);
    assert.equal(new SourceMap({ version: 3, mappings: ';;;', sources: [] }, MAP).find(1, 1), null);
  });
});
