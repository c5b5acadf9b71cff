import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Holder, pathHolder } from '../../src/heap/naming/holder.js';
import type { RetainerStep } from '../../src/heap/naming/retainer-step.js';
import { holderText } from '../../src/wording/holder-text.js';
import { calling, captured, inClass, listenersOf, ofModule } from '../support/holder.js';

const TEXTS: readonly (readonly [Holder, string])[] = [
  [inClass('MemoryStore.sessions'), 'MemoryStore.sessions'],
  [
    inClass('router.stack', ofModule('app', 'src/app.js')),
    'router.stack of module variable app of src/app.js',
  ],
  [inClass('globalThis.orders'), 'globalThis.orders'],
  [{ kind: 'root', name: '(Strong roots)', edge: 'handles', path: '[]' }, 'handles of (Strong roots)[]'],
  [{ kind: 'module', script: 'src/app.js', path: '' }, 'module src/app.js'],
  [
    { kind: 'variable', name: 'cache', path: '.byId', script: 'app/cache.js', ofModule: false },
    'variable cache.byId of app/cache.js',
  ],
  [captured('seen', 'handler()'), 'closure variable seen of handler()'],
  [captured('seen', null, 'src/orders.js'), 'closure variable seen in src/orders.js'],
  [{ kind: 'async-store', path: '.span' }, 'AsyncLocalStorage store.span'],
  [{ kind: 'path', path: 'first.second' }, 'first.second'],
  [{ kind: 'timers', callback: null }, 'timer list of node:timers'],
  [
    { kind: 'timers', callback: calling('poll src/poller.js:12') },
    'timer list calling poll() at src/poller.js:12',
  ],
  [{ kind: 'open', className: 'Node / TCPSocketWrap', callback: null }, 'open TCP sockets'],
  [
    { kind: 'open', className: 'Node / FSEventWrap', callback: calling('function src/watch.js:6') },
    'open file watchers calling a function at src/watch.js:6',
  ],
  [{ kind: 'native-objects', className: 'Node / Blob' }, 'native objects Node / Blob'],
  [listenersOf('array', 'close', 'Bus'), "listener array of event 'close' of Bus"],
  [
    listenersOf('list', null, 'AbortSignal', inClass('App.signal')),
    'listener list of AbortSignal (App.signal)',
  ],
  [
    { kind: 'reactions', place: inClass('globalThis.shutdown') },
    'reaction list of the promise in globalThis.shutdown',
  ],
  [
    { kind: 'weak-value', path: '.spans', place: inClass('globalThis.tracer') },
    'WeakMap value.spans for globalThis.tracer',
  ],
];

describe('The words for a holder', () => {
  it('say where it is and in what list', () => {
    assert.deepEqual(
      TEXTS.map(([holder]) => holderText(holder)),
      TEXTS.map(([, text]) => text),
    );
  });

  it('name a variable by its script where the function that captured it is not known', () => {
    const path: RetainerStep[] = [
      { edge: 'module scope', edgeType: 'root', node: 'app/cache.js', nodeType: 'other' },
      { edge: 'cache', edgeType: 'variable', node: 'Map', nodeType: 'collection' },
      { edge: 'entries', edgeType: 'entry', node: 'Order', nodeType: 'object' },
    ];
    assert.equal(holderText(pathHolder(path)), 'variable cache of app/cache.js');
  });
});
