import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sizeChecks } from '../../../src/heap/limits/size-checks.js';

const limits = (script: string, name: string) => sizeChecks(script, name).map(({ limit }) => limit);

describe('A bound in code', () => {
  it('is a comparison of the size with a number, and members that are taken out', () => {
    for (const script of [
      'if (cache.size >= 4000) cache.delete(cache.keys().next().value);',
      'while (this.#cache.size > 4_000) this.#cache.delete(oldest);',
      'if (4000 < store.cache.size) { const key = first(); cache.delete(key); }',
      'if (cache.length === 4e3) cache.shift();',
      'cache.length>4*1000&&cache.splice(0,10)',
      'if (cache.length > 4000) cache = cache.slice(-2000);',
      'if (cache.length > 4000) cache.length = 0;',
      'if (Object.keys(this.cache).length > 4000) this.evictOldest();',
      'if (cache.size > 4000) return; cache.set(key, value);',
      'if (cache.size < 4000) cache.set(key, value);',
      'cache.size > 4000 ? cache.clear() : undefined;',
      'if ((cache.size > 4000) && isOld) { cache.clear(); }',
      'if (cache?.size > 4000) cache.clear();',
      'if (cache.size > 4000) cache = new Map();',
      'if (Object.keys(this.cache).length > 4000) delete this.cache[oldest];',
    ])
      assert.deepEqual(limits(script, 'cache'), [4000], script);
  });

  it('may leave the function before a member is put in or taken out', () => {
    for (const script of [
      'if (cache.size >= 4000) { dropped += 1; log.warn(text); return false; } cache.set(key, 1);',
      'if (cache.size >= 4000) return { status: 429 }; cache.set(key, value);',
      'if (cache.size >= 4000) warn(); else cache.set(key, value);',
      'if (cache.size <= 4000) return; for (const key of oldest()) cache.delete(key);',
      'cache.push(x); if (cache.length < 4000) return; const batch = cache; cache = []; send(batch);',
    ])
      assert.deepEqual(limits(script, 'cache'), [4000], script);
  });

  it('is read in TypeScript too, which runs as it is where Node strips types', () => {
    for (const script of [
      'if (cache!.size > 4000) cache!.clear();',
      'const MAX: number = 4000; if (cache.size > MAX) cache.clear();',
      'if (cache.size > 4000) { const [oldest] = cache.keys(); cache.delete(oldest as string); }',
      'class Log { private readonly cache: Item[] = []; add(item: Item): void { this.cache.push(item); if (this.cache.length > 4000) this.cache.shift(); } }',
    ])
      assert.deepEqual(limits(script, 'cache'), [4000], script);
  });

  it('may be a constant of the same script', () => {
    const trim = 'if (this.messages.length > HISTORY) this.messages.shift();';
    assert.deepEqual(limits(`const HISTORY = 200;\n${trim}`, 'messages'), [200]);
    assert.deepEqual(
      limits(
        `class Room { static KEPT = 200; post() { if (this.messages.length > Room.KEPT) this.messages.shift(); } }`,
        '#messages',
      ),
      [200],
    );
    assert.deepEqual(limits(trim, 'messages'), [], 'its number is not known');
    assert.deepEqual(limits(`let HISTORY = 200; HISTORY = 300; ${trim}`, 'messages'), [], 'it has two');
    assert.deepEqual(
      limits(`let HISTORY = 200; HISTORY = read(); ${trim}`, 'messages'),
      [],
      'it may have any',
    );
  });

  it('shows the comparison as it is written', () => {
    assert.deepEqual(sizeChecks('if (cache.size  >=\n 4000) cache.clear()', 'cache'), [
      { text: 'cache.size >= 4000', limit: 4000 },
    ]);
  });

  it('is not seen where members come and go whatever the comparison yields', () => {
    for (const script of [
      'if (cache.length > 4000) log.warn(text); return cache.shift();',
      'if (cache.length > 4000) { log.warn(text); } const job = cache.shift(); run(job);',
      'if (cache.length < 4000) log.debug(1); cache.push(x);',
      'if (cache.length === 4000) { if (strict) { return; } warn(); } cache.push(x);',
      'if (cache.length > 4000) warn(); else log.debug(1); cache.push(x);',
      'assert(cache.length < 4000); run(cache.shift());',
      'gauge.set(cache.size > 4000 ? 1 : 0); cache.delete(id);',
      'const isLarge = cache.size > 4000; if (isLarge) warn(); cache.delete(id);',
    ])
      assert.deepEqual(limits(script, 'cache'), [], script);
  });

  it('is not seen where nothing comes of the comparison, or another collection is meant', () => {
    for (const script of [
      'if (cache.size > 4000) warn(`cache is large`);',
      'if (cache.size > 4000) recent.shift();',
      'if (cacheKeys.size > 4000) cacheKeys.clear();',
      'if (mycache.length > 4000) mycache.shift();',
      'for (let at = 0; at < cache.length; at++) total += cache[at];',
      'if (cache.size > 0) cache.clear();',
      'if (cache.size > limit) cache.clear();',
      'if (cache.size > 4000 * factor) cache.clear();',
      'if (cache.size > 1.5e6) cache.clear();',
      'if (cache.size > 4000) metrics.flushStats();',
      'function stats() { if (cache.size > 4000) warn(1); } function end(id) { cache.delete(id); }',
    ])
      assert.deepEqual(limits(script, 'cache'), [], script);
  });

  it('is not looked for under what is no name', () => {
    assert.deepEqual(limits('if ((a.*).length > 10) (a.*).shift()', '(a.*)'), []);
  });

  it('is found in time that grows with the script, whatever is in it', () => {
    const hostile = `${'cache.size > 9'.repeat(2000)}${'a.'.repeat(50_000)}${'1*'.repeat(50_000)}`;
    assert.ok(sizeChecks(hostile, 'cache').length <= 192);
  });
});
