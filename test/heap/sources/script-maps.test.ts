import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ScriptMaps } from '../../../src/heap/sources/script-maps.js';

/** Maps line 1, column 10 of the script to line 5, column 3 of `src/a.ts`, where the name `createOrder` stands. */
const MAP = {
  version: 3,
  sources: ['../src/a.ts'],
  names: ['createOrder'],
  // 9 columns in; source 0, line 4, column 2, name 0.
  mappings: 'SAIEA',
};

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'leakwatch-maps-'));
  mkdirSync(join(folder, 'dist'));
});
after(() => rmSync(folder, { recursive: true }));

let scripts = 0;
function script(reference: string | null): string {
  const path = join(folder, 'dist', `s${scripts++}.js`);
  writeFileSync(path, `function n(){}\n${reference === null ? '' : `//# sourceMappingURL=${reference}\n`}`);
  return path;
}

const position = (url: string) => ({ function: 'n', url, line: 1, column: 11 });
const inline = (text: string) =>
  `data:application/json;charset=utf-8;base64,${Buffer.from(text).toString('base64')}`;

function mapped(url: string) {
  const { function: name, url: source, line, column } = new ScriptMaps().original(position(url));
  return [name, source, line, column];
}

describe('The position in a compiled script', () => {
  const source = () => ['createOrder', pathToFileURL(join(folder, 'src', 'a.ts')).href, 5, 3];

  it('becomes the position in its source through an external map, in modules and CommonJS scripts', () => {
    writeFileSync(join(folder, 'dist', 'a.map'), JSON.stringify(MAP));
    const path = script('a.map');
    assert.deepEqual(mapped(pathToFileURL(path).href), source());
    assert.deepEqual(mapped(path), source());
  });

  it('becomes the position in its source through an inline map', () => {
    assert.deepEqual(mapped(script(inline(JSON.stringify(MAP)))), source());
    assert.deepEqual(
      mapped(script(`data:application/json,${encodeURIComponent(JSON.stringify(MAP))}`)),
      source(),
    );
  });

  it("keeps the name if the mapped place has another name than the function's", () => {
    const { function: name } = new ScriptMaps().original({
      ...position(script(inline(JSON.stringify(MAP)))),
      column: 14,
    });
    assert.equal(name, 'n');
  });

  it('stays unchanged if the map is missing, broken or not a file, or the script has none', () => {
    for (const reference of [
      null,
      'nowhere.map',
      'https://example.org/a.map',
      inline('not JSON'),
      inline('{}'),
      inline('{"mappings":"AAAA","sources":[]}'),
      'data:text/plain,abc',
    ]) {
      const path = script(reference);
      assert.deepEqual(mapped(path), ['n', path, 1, 11], String(reference));
    }
    for (const url of [
      'node:net',
      '',
      'https://example.org/a.js',
      'file:///no/such/file.js',
      '/dev/zero',
      folder,
    ]) {
      assert.deepEqual(mapped(url), ['n', url, 1, 11]);
    }
  });

  it('stays unchanged if the map is an endless file that reports size 0', {
    skip: process.platform !== 'linux' && 'there is no such file on this system',
  }, () => {
    for (const reference of ['file:///proc/self/pagemap', '/proc/self/pagemap']) {
      const path = script(reference);
      assert.deepEqual(mapped(path), ['n', path, 1, 11]);
    }
    assert.deepEqual(mapped('/proc/self/pagemap'), ['n', '/proc/self/pagemap', 1, 11]);
  });

  it('is mapped for the compiled code of this test', () => {
    const url = new URL('./script-maps.test.js', import.meta.url);
    const text = readFileSync(url, 'utf8').split('\n');
    const line = text.findIndex((one) => one.startsWith('function mapped('));
    const place = new ScriptMaps().original({
      function: 'mapped',
      url: url.href,
      line: line + 1,
      column: 'function mapped('.length,
    });
    assert.match(place.url, /test\/heap\/sources\/script-maps\.test\.ts$/);
    const written = readFileSync(new URL(place.url), 'utf8').split('\n')[place.line - 1];
    assert.match(written ?? '', /^function mapped\(/);
  });
});
