import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Suspect } from '../../../src/heap/suspects/suspect.js';
import { inClass, listenersOf } from '../../support/holder.js';
import { analyzeDrawings, growing, type Success } from '../drawn-analysis.js';

const GLOBAL = `
  global: object global 40
  root -shortcut 1-> global
`;

/** The only suspect that is not an artefact. */
function only({ suspects }: Success): Suspect {
  const own = suspects.filter(({ artefact }) => artefact === null);
  assert.equal(own.length, 1, own.map(({ holder }) => JSON.stringify(holder)).join());
  return own[0]!;
}
const counts = ({ steps }: Suspect) => steps.map(({ count }) => count);

describe('a suspect, by how its members are held', () => {
  it('counts the reactions of a promise, whatever number of functions each consists of', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          shutdown: object Promise 48
          reaction*${n}: hidden "system / PromiseReaction" 48
          fulfil*${n}: closure "" 56
          reject*${n}: closure "" 56
          request*${n}: object Promise 48
          global -property shutdown-> shutdown
          shutdown -internal reactions_or_result-> reaction
          reaction -hidden 1-> fulfil
          reaction -hidden 2-> reject
          reaction -hidden 3-> request
        `,
      ),
    );
    assert.deepEqual(suspect.holder, { kind: 'reactions', place: inClass('globalThis.shutdown') });
    assert.equal(suspect.mechanism, 'promise reactions');
    assert.deepEqual(counts(suspect), [100, 200, 300]);
  });

  it('knows modules that were loaded again by the one that loaded them', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          process: object process 40
          main: object Module 40
          children: object Array 32
          child*${n}: object Module 400
          global -property process-> process
          process -property mainModule-> main
          main -property children-> children
          children -element #-> child
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'module cache');
  });

  it('names the event and the emitter of a listener array', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          bus: object Bus 40
          events: object Object 24
          close: object Array 32
          listener*${n}: closure onClose 56
          global -property bus-> bus
          bus -property _events-> events
          events -property close-> close
          close -element #-> listener
        `,
      ),
    );
    assert.deepEqual(suspect.holder, listenersOf('array', 'close', 'Bus'));
    assert.equal(suspect.mechanism, 'event listeners');
  });

  /** An AbortSignal: made by its own constructor, or by that of EventTarget and given another prototype. */
  const signal = (constructedBy: string) => (n: number) =>
    `${GLOBAL}
    stop: object AbortController 24
    signal: object ${constructedBy} 40
    prototype: object AbortSignal 24
    constructor: closure AbortSignal 64
    map: object Map 32
    table: array "" 56
    key: string abort 24
    list: object Object 24
    ${Array.from({ length: n }, (_, i) => `l${i}: object Listener 48`).join('\n')}
    global -property stop-> stop
    stop -property signal-> signal
    signal -property __proto__-> prototype
    prototype -property constructor-> constructor
    prototype -property abort-> constructor
    signal -property <symbol kEvents>-> map
    map -internal table-> table
    table -internal 5-> key
    table -internal 6-> list
    list -property next-> l0
    ${Array.from({ length: n - 1 }, (_, i) => `l${i} -property next-> l${i + 1}`).join('\n')}
  `;

  it('is the same listener list of an AbortSignal, by whichever constructor the signal was made', async () => {
    const [older, newer] = [
      only(await growing(signal('EventTarget'))),
      only(await growing(signal('AbortSignal'))),
    ];
    assert.deepEqual(
      older.holder,
      listenersOf('list', 'abort', 'AbortSignal', inClass('globalThis.stop.signal')),
    );
    assert.equal(older.mechanism, 'event listeners');
    assert.equal(older.fingerprint, newer.fingerprint);
    assert.deepEqual(older.holder, newer.holder);
  });

  it('leaves the event out when its name is not used as a name elsewhere, or looks like data', async () => {
    const renamed = (event: string) => (n: number) => signal('AbortSignal')(n).replaceAll('abort', event);
    assert.doesNotMatch(JSON.stringify(only(await growing(renamed('user-4711-paid'))).holder), /4711/);
    const unused = (n: number) => signal('AbortSignal')(n).replace(/^.*property abort.*$/m, '');
    assert.deepEqual(
      only(await growing(unused)).holder,
      listenersOf('list', null, 'AbortSignal', inClass('globalThis.stop.signal')),
    );
  });

  it('knows the subscribers of a diagnostics channel, and leaves other lists of that name alone', async () => {
    const subscribed = (className: string) => (n: number) =>
      `${GLOBAL}
      channel: object ${className} 40
      list: object Array 32
      subscriber*${n}: closure onRequest 56
      global -property channel-> channel
      channel -property _subscribers-> list
      list -element #-> subscriber
    `;
    const suspect = only(await growing(subscribed('Channel')));
    assert.deepEqual(suspect.holder, inClass('Channel._subscribers'));
    assert.equal(suspect.mechanism, 'diagnostics channel subscribers');
    assert.equal(only(await growing(subscribed('Feed'))).mechanism, null);
  });

  it("takes Node's channels only, not a class of the program or of a package that has the same name and field", async () => {
    const subscribed = (address: string) => (n: number) =>
      `${GLOBAL}
      script: code "${address}" 100
      shared: code Channel 56
      class: closure Channel 64
      channel: object Channel 40
      list: object Array 32
      subscriber*${n}: closure onOrder 56
      class @ 7:3:10
      channel @ 7:3:10
      class -internal shared-> shared
      shared -internal script-> script
      global -property Channel-> class
      global -property channel-> channel
      channel -property _subscribers-> list
      list -element #-> subscriber
    `;
    const mechanismIn = async (address: string) => only(await growing(subscribed(address))).mechanism;
    assert.equal(await mechanismIn('node:diagnostics_channel'), 'diagnostics channel subscribers');
    assert.equal(await mechanismIn('file:///srv/app/src/channel.js'), null);
    assert.equal(await mechanismIn('file:///srv/app/node_modules/bus/channel.js'), null);
  });

  it('takes the timers of a list apart by what they call, from whichever end the chain is entered', async () => {
    const timer = (i: number, calls: string) => `
      t${i}: object Timeout 120
      f${i}: closure ${calls} 56
      t${i} -property _onTimeout-> f${i}
      f${i} -internal shared-> ${calls}Shared
    `;
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          lists: object Object 40
          list: object TimersList 72
          script: code "file:///srv/app/src/poll.js" 100
          keepAliveShared: code keepAlive 56
          flushShared: code flush 56
          keepAliveShared -internal script-> script
          flushShared -internal script-> script
          global -property lists-> lists
          lists -element 30000-> list
          ${timer(0, 'flush')}
          ${Array.from({ length: n }, (_, i) => timer(i + 1, 'keepAlive')).join('')}
          list -property _idleNext-> t0
          list -property _idlePrev-> t${n}
          ${Array.from({ length: n }, (_, i) => `t${i} -property _idleNext-> t${i + 1}\nt${i + 1} -property _idlePrev-> t${i}`).join('\n')}
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'timers');
    assert.equal(suspect.retainerPath.at(-1)?.edge, 'timers of keepAlive() in poll.js');
    assert.deepEqual(counts(suspect), [100, 200, 300]);
  });

  it('is one chain of closures, each of which holds the context of the one before', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          ${Array.from({ length: n }, (_, i) => `f${i}: closure render 64\nc${i}: object "system / Context" 40\nf${i} -internal context-> c${i}`).join('\n')}
          global -property replace-> f0
          ${Array.from({ length: n - 1 }, (_, i) => `c${i} -context previous-> f${i + 1}`).join('\n')}
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'closure chain');
    assert.deepEqual(suspect.retainerPath.at(-1), {
      edge: 'previous',
      edgeType: 'variable',
      node: 'render()',
      nodeType: 'closure',
    });
  });

  it('adds up the texts that slices keep, each once', async () => {
    const suspect = only(
      await growing((n) =>
        `${GLOBAL}
          names: object Array 32
          first*${n}: "sliced string" secret 32
          second*${n}: "sliced string" secret 32
          body*${n}: string secret 4000
          global -property names-> names
          names -element #*2-> first
          names -element #*2+1-> second
          first -internal parent-> body
          second -internal parent-> body
        `.replaceAll('"sliced string"', 'sliced string'),
      ),
    );
    assert.equal(suspect.mechanism, 'sliced strings');
    assert.equal(suspect.parentBytes, 300 * 4000);
  });

  it('is a string that is put together piece by piece', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          ${Array.from({ length: n }, (_, i) => `c${i}: concatenated string secret 32\np${i}: string secret 40\nc${i} -internal second-> p${i}`).join('\n')}
          global -property log-> c0
          ${Array.from({ length: n - 1 }, (_, i) => `c${i} -internal first-> c${i + 1}`).join('\n')}
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'concatenated string');
    assert.deepEqual(suspect.holder, inClass('globalThis.log'));
  });

  it('is a Map of numbers alone, which show only by the room they take', async () => {
    const table = (buckets: number) => `${GLOBAL}
      limiter: object RateLimiter 24
      hits: object Map 32
      table: array "" ${8 * (5 + buckets * 7)}
      global -property limiter-> limiter
      limiter -property hits-> hits
      hits -internal table-> table
    `;
    const suspect = only(await analyzeDrawings([256, 512, 1024].map(table)));
    assert.deepEqual(suspect.holder, inClass('RateLimiter.hits'));
    assert.equal(suspect.className, 'number');
    assert.equal(suspect.mechanism, 'numbers');
    // Half of two entries a bucket.
    assert.deepEqual(counts(suspect), [256, 512, 1024]);
  });

  it('is an array of numbers, but not room that an array of objects has', async () => {
    const array = (content: string) => (slots: number) =>
      `${GLOBAL}
      samples: object Array 32
      store: array "(object elements)" ${16 + 8 * slots}
      order*20: object Order 24
      global -property samples-> samples
      samples -internal elements-> store
      ${content}
    `;
    const sizes = [1000, 1516, 2290];
    const suspect = only(await analyzeDrawings(sizes.map(array(''))));
    assert.equal(suspect.mechanism, 'numbers');
    assert.deepEqual(counts(suspect), sizes);
    const objects = array('samples -element #-> order\nstore -internal #-> order');
    assert.deepEqual((await analyzeDrawings(sizes.map(objects))).suspects, []);
  });

  it('counts what a WeakMap keeps for a key that lives on', async () => {
    const pair = 'part of key (Object @1) -> value (Array @3) pair in WeakMap (table @5)';
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          tracer: object Object 24
          spans: object WeakMap 32
          table: array "" 56
          list: object Array 32
          span*${n}: object Span 40
          global -property tracer-> tracer
          global -property spans-> spans
          spans -internal table-> table
          table -weak 3-> tracer
          table -internal 4 / ${pair}-> list
          tracer -internal 5 / ${pair}-> list
          list -element #-> span
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'weak map');
    assert.deepEqual(suspect.holder, { kind: 'weak-value', path: '', place: inClass('globalThis.tracer') });
    assert.deepEqual(counts(suspect), [100, 200, 300]);
  });

  it('is the same store of an AsyncLocalStorage, whether a resource or a frame keeps it', async () => {
    const spans = (n: number) =>
      Array.from({ length: n - 1 }, (_, i) => `s${i} -property parent-> s${i + 1}`).join('\n');
    const nodes = (n: number) => Array.from({ length: n }, (_, i) => `s${i}: object Span 40`).join('\n');
    const resource = (n: number) => `${GLOBAL}
      promise: object Promise 48
      ${nodes(n)}
      global -property current-> promise
      promise -property <symbol kResourceStore>-> s0
      ${spans(n)}
    `;
    const frame = (n: number) => `${GLOBAL}
      roots: synthetic "(GC roots)" 0
      stack: synthetic "(Stack roots)" 0
      frame: object AsyncContextFrame 32
      table: array "" 152
      key: object AsyncLocalStorage 120
      ${nodes(n)}
      root -element 1-> roots
      roots -element 1-> stack
      stack -internal 1-> frame
      frame -internal table-> table
      table -internal 5-> key
      table -internal 6-> s0
      ${spans(n)}
    `;
    const [older, newer] = [only(await growing(resource)), only(await growing(frame))];
    assert.equal(older.mechanism, 'async store');
    assert.deepEqual(older.holder, { kind: 'async-store', path: '' });
    assert.deepEqual(newer.holder, older.holder);
    assert.equal(newer.fingerprint, older.fingerprint);
  });

  it('is one module cache, however many tables of Node grow with it', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          loader: object ModuleLoader 40
          cache: object LoadCache 32
          table: array "" ${8 * (5 + 256 * 7)}
          job*${n}: object ModuleJob 400
          resolved: object ResolveCache 32
          other: array "" ${8 * (5 + 256 * 7)}
          entry*${n}: object Object 40
          global -property loader-> loader
          loader -property loadCache-> cache
          loader -property resolveCache-> resolved
          cache -internal table-> table
          table -internal #*3+259-> job
          resolved -internal table-> other
          other -internal #*3+259-> entry
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'module cache');
    assert.deepEqual(suspect.holder, inClass('ModuleLoader.loadCache'));
    assert.deepEqual(suspect.alsoHeldBy, [inClass('ModuleLoader.resolveCache')]);
  });

  it('counts with buffers the memory behind them', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          chunks: object Array 32
          buffer*${n}: object Buffer 96
          behind*${n}: object ArrayBuffer 80
          store*${n}: native "system / JSArrayBufferData" 8192
          global -property chunks-> chunks
          chunks -element #-> buffer
          buffer -internal buffer-> behind
          behind -internal backing_store-> store
        `,
      ),
    );
    assert.equal(suspect.mechanism, 'buffers');
    assert.equal(suspect.steps.at(-1)?.bytes, 300 * (96 + 80 + 8192));
  });

  it('counts with a context of node:vm the hidden classes that came with it, and takes only the main global for a root', async () => {
    const suspect = only(
      await growing(
        (n) => `
          main: hidden "system / NativeContext" 2000
          global: object "Object (global*)" 40
          process: object process 40
          tenants: object Array 32
          native*${n}: hidden "system / NativeContext" 2000
          inner*${n}: object Object 40
          shape*${n}: object shape "system / Map" 30000
          root -shortcut 1-> main
          root -shortcut 2-> native
          main -internal global_object-> global
          native -internal global_object-> inner
          native -internal map-> shape
          global -property process-> process
          global -property tenants-> tenants
          sandbox*${n}: object Object 40
          tenants -element #-> sandbox
          sandbox -property context-> native
        `,
      ),
    );
    assert.deepEqual(suspect.holder, inClass('globalThis.tenants'));
    assert.equal(suspect.steps.at(-1)?.bytes, 300 * (40 + 2000 + 40 + 30_000));
  });

  it('tells the members of two linked lists apart when one hangs on the other', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          router: closure router 64
          stack: object Array 32
          layer*${n}: object Layer 40
          route*${n}: object Route 40
          inner*${n}: object Array 32
          global -property router-> router
          router -property stack-> stack
          stack -element #-> layer
          layer -property route-> route
          route -property stack-> inner
        `,
      ),
    );
    assert.equal(suspect.className, 'Layer');
    assert.deepEqual(counts(suspect), [100, 200, 300]);
  });

  it('has no mechanism where members just lie in a collection', async () => {
    const suspect = only(
      await growing(
        (n) => `${GLOBAL}
          list: object Array 32
          order*${n}: object Order 24
          global -property orders-> list
          list -element #-> order
        `,
      ),
    );
    assert.equal(suspect.mechanism, null);
    assert.equal(suspect.package, null);
    assert.equal(suspect.shape, 'Order');
  });
});
