import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { chooseGcSource } from '../../src/sampling/choose-source.js';

const REALLY_LOAD = createRequire(import.meta.url);

/** Loads from `installed`; anything else is missing just as it is for `require`. */
function loaderOf(installed: Readonly<Record<string, () => unknown>>): (packageName: string) => unknown {
  return (packageName) => {
    const load = installed[packageName];
    return load === undefined ? REALLY_LOAD(`${packageName}-which-nobody-has`) : load();
  };
}

function missing(packageName: string): never {
  throw Object.assign(new Error(`Cannot find module '${packageName}'\nRequire stack: …`), {
    code: 'MODULE_NOT_FOUND',
  });
}

describe('the choice of a source', () => {
  it('prefers node-memwatch, then memwatch-next, then the built-in source, and says what it refused', () => {
    const both = {
      '@airbnb/node-memwatch': () => new EventEmitter(),
      'memwatch-next': () => new EventEmitter(),
    };
    const first = chooseGcSource('auto', loaderOf(both), true);
    assert.deepEqual([first.name, first.reason], ['node-memwatch', '@airbnb/node-memwatch loads']);
    const second = chooseGcSource(
      'auto',
      (name) => (name === 'memwatch-next' ? new EventEmitter() : missing(name)),
      true,
    );
    assert.deepEqual(
      [second.name, second.reason],
      ['memwatch-next', '@airbnb/node-memwatch is not installed; memwatch-next loads'],
    );
    const third = chooseGcSource('auto', missing, true);
    assert.deepEqual(
      [third.name, third.reason],
      ['built-in', '@airbnb/node-memwatch is not installed; memwatch-next is not installed'],
    );
  });

  it('recognises the error of a real require', () => {
    const source = chooseGcSource('auto', createRequire('file:///nowhere/at/all.js'), true);
    assert.match(source.reason, /^@airbnb\/node-memwatch is not installed; memwatch-next is not installed$/);
  });

  it('falls back if the requested source does not load, and gives the first line of the error', () => {
    const broken = (): never => {
      throw new Error(
        'The module was compiled against a different Node.js version\nusing NODE_MODULE_VERSION 64',
      );
    };
    const source = chooseGcSource('node-memwatch', loaderOf({ '@airbnb/node-memwatch': broken }), true);
    assert.deepEqual(
      [source.name, source.reason],
      [
        'built-in',
        '@airbnb/node-memwatch does not load: The module was compiled against a different Node.js version',
      ],
    );
  });

  it('distinguishes a package that lacks a dependency from a missing package', () => {
    const source = chooseGcSource('memwatch-next', () => missing('bindings'), true);
    assert.equal(source.reason, "memwatch-next does not load: Cannot find module 'bindings'");
  });

  it('refuses native sources outside the main thread without loading them', () => {
    const source = chooseGcSource('auto', () => assert.fail('loaded'), false);
    assert.equal(source.name, 'built-in');
    assert.match(
      source.reason,
      /^@airbnb\/node-memwatch works in the main thread only; memwatch-next works in/,
    );
  });

  it('refuses a module of another shape, and handles thrown values that are not errors', () => {
    for (const module of [null, 7, {}, { on: () => undefined }]) {
      const source = chooseGcSource('memwatch-next', () => module, true);
      assert.deepEqual([source.name, source.reason], ['built-in', 'memwatch-next has no stats events']);
    }
    const throws = (): never => {
      throw 'no error at all';
    };
    const thrown = chooseGcSource('memwatch-next', throws, true);
    assert.equal(thrown.reason, 'memwatch-next does not load: no error at all');
  });

  it('takes the built-in source on request, without loading a package', () => {
    const source = chooseGcSource('built-in', () => assert.fail('loaded'), true);
    assert.deepEqual([source.name, source.reason], ['built-in', 'requested']);
  });
});
