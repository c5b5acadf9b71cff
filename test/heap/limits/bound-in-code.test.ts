import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BoundsInCode } from '../../../src/heap/limits/bound-in-code.js';
import type { RetainerStep } from '../../../src/heap/naming/retainer-step.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-code-'));
after(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

const step = (edge: string, edgeType: RetainerStep['edgeType'], node: string): RetainerStep => ({
  edge,
  edgeType,
  node,
  nodeType: 'object',
});
const CACHE = [
  step('module scope', 'root', 'src/cache.js'),
  step('cache', 'variable', 'Map'),
  step('entries', 'entry', 'Article'),
];
const MESSAGES = [step('messages', 'property', 'Array'), step('[]', 'element', 'Message')];

const find = (scripts: readonly string[], path = CACHE, count = 1000, holders = 1, bytesEach = 1000) =>
  new BoundsInCode().find({ path, count, bytes: count * bytesEach, holders, scripts });

const bounded = script('bounded.mjs', 'if (cache.size >= 4000) cache.delete(cache.keys().next().value);');

describe('A bound in the code of a collection', () => {
  it('is looked for under the name of the property or variable that holds it, in the scripts that may use it', () => {
    const bound = { source: 'code', name: 'cache.size >= 4000', limit: 4000, unit: 'entries' };
    assert.deepEqual(find([script('other.mjs', 'run();'), bounded]), bound);
    assert.deepEqual(find([bounded.replace('file://', '')]), bound, 'CommonJS scripts have paths');
  });

  it('holds for each of several holders', () => {
    const room = script('room.mjs', 'if (this.messages.length > 200) this.messages.shift();');
    assert.deepEqual(find([room], MESSAGES, 9000, 60), {
      source: 'code',
      name: 'messages.length > 200',
      limit: 12_000,
      unit: 'entries',
      holders: 60,
    });
    assert.ok(find([room], MESSAGES, 12_060, 60) !== null, 'one may be put in before another is taken out');
    assert.equal(find([room], MESSAGES, 12_061, 60), null, 'one that is broken is none');
  });

  it('is the tightest one that is not broken', () => {
    const two = script(
      'two.mjs',
      'if (cache.size > 10) cache.clear(); if (cache.size > 5000) cache.clear();',
    );
    assert.equal(find([two])?.limit, 5000);
    assert.equal(find([two], CACHE, 5)?.limit, 10);
  });

  it('is none when what it allows would not fit into a heap', () => {
    assert.ok(find([bounded], CACHE, 1000, 1, 1_000_000) !== null);
    assert.equal(find([bounded], CACHE, 1000, 1, 1_100_000), null);
  });

  it('is not looked for in minified code, nor under names that a minifier gives', () => {
    const line = `${'f();'.repeat(100)}if(cache.size>4000)cache.clear();`;
    assert.equal(find([script('app.min.js', line)]), null);
    const short = [step('q', 'variable', 'Map'), step('entries', 'entry', 'Article')];
    assert.equal(find([script('short.js', 'if (q.size > 4000) q.clear();')], short), null);
  });

  it('is not looked for in comments and texts', () => {
    const text = '// if (cache.size > 4000) cache.clear()\nlog("if (cache.size > 4000) cache.clear()");';
    assert.equal(find([script('commented.mjs', text)]), null);
  });

  it('is not found, and nothing is thrown, where there is no such script on this machine', () => {
    for (const address of [
      'node:fs',
      'evalmachine.<anonymous>',
      'https://example.org/x.js',
      `${bounded}.gone`,
      '',
      '/dev/zero',
    ])
      assert.equal(find([address]), null, address);
    assert.equal(
      find([script('large.mjs', `${' '.repeat(600_000)}if (cache.size > 4000) cache.clear();`)]),
      null,
    );
  });
});
