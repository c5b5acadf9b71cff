import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { analyze } from '../../src/heap/analysis.js';
import type { Holder } from '../../src/heap/naming/holder.js';
import { parseSnapshot } from '../../src/heap/snapshot/snapshot-parser.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import {
  calling,
  captured,
  inClass,
  listenersOf,
  nameOf,
  namesOf,
  ofModule,
  withShortCallback,
} from '../support/holder.js';
import type { Success } from './drawn-analysis.js';
import { GraphWalker } from './walked-path.js';

const ROUNDS = 3;
const CALLS = 600;
/** Part of the bytes that V8's caches and Node's handles hold as well, so that they are not scaled. */
const SCALED_WITHIN = 0.3;
const program = (name: string) => fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));

interface Analyzed extends Success {
  /** How far the first suspect's path leads in the graph of the latest snapshot. */
  readonly walked: readonly string[];
  /** The same with a sampled snapshot as the latest. */
  readonly sampled: Success;
}

const analyzed = new Map<string, Promise<Analyzed>>();

/** Runs a program in a process of its own and analyses the snapshots it took of itself, once a program. */
function analyzeProgram(name: string): Promise<Analyzed> {
  const known = analyzed.get(name) ?? runProgram(name);
  analyzed.set(name, known);
  return known;
}

async function runProgram(name: string): Promise<Analyzed> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  try {
    await promisify(execFile)(process.execPath, [program('runner'), program(name), folder]);
    const read = async (name: string, previous: Success | null, round: number): Promise<Success> => {
      const result = await analyze({
        snapshot: createReadStream(join(folder, `${name}.heapsnapshot`)),
        previous: previous?.series ?? null,
        capturedAtMs: round * 1000,
      });
      assert.ok(
        result.outcome === 'success',
        result.outcome === 'failure' ? JSON.stringify(result.cause) : '',
      );
      return result;
    };
    let before: Success | null = null;
    for (let round = 0; round < ROUNDS - 1; round++) before = await read(`${round}`, before, round);
    const latest = await read(`${ROUNDS - 1}`, before, ROUNDS - 1);
    const sampled = await read(`${ROUNDS - 1}.sampled`, before, ROUNDS - 1);
    const last = createReadStream(join(folder, `${ROUNDS - 1}.heapsnapshot`));
    const walker = new GraphWalker(await parseSnapshot(last));
    return { ...latest, sampled, walked: walker.walk(latest.suspects[0]?.retainerPath ?? []) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Expected {
  readonly holder: Holder;
  readonly className: string;
  /** Written down because it must be the same on every supported version of Node: a run on another one compares. */
  readonly fingerprint: string;
  /** Members a call; null where what grows is counted by the room it takes. */
  readonly perCall?: number | null;
  readonly mechanism?: Suspect['mechanism'];
  readonly alsoHeldBy?: readonly Holder[];
  readonly package?: Suspect['package'];
  /** Function, file and line of the newest member's definition. */
  readonly location?: string;
}

const LEAKS: Readonly<Record<string, Expected>> = {
  'abort-signal': {
    holder: listenersOf('list', 'abort', 'AbortSignal', ofModule('stop.#signal', 'programs/abort-signal.js')),
    className: 'Listener',
    fingerprint: 'lw-e59cb51721e2bd35',
    mechanism: 'event listeners',
  },
  array: {
    holder: inClass('OrderHistory.orders'),
    className: 'Order',
    fingerprint: 'lw-e511120751361b94',
    location: 'Order array.ts:3',
  },
  'async-functions': {
    holder: inClass('ConnectionPool.waiting'),
    className: 'function',
    fingerprint: 'lw-b6fe5a9ef27400fe',
    location: 'loadUser async-functions.ts:11',
  },
  'async-hooks': {
    holder: ofModule('live', 'programs/async-hooks.js'),
    className: 'Query',
    fingerprint: 'lw-0e830f58fa08bb2c',
    location: 'Query async-hooks.ts:16',
  },
  'async-storage': {
    holder: { kind: 'timers', callback: calling('reconnect programs/async-storage.js:17') },
    className: 'Timeout',
    fingerprint: 'lw-e8c737e49703195c',
    mechanism: 'timers',
    location: 'reconnect async-storage.ts:20',
  },
  'bound-timers': {
    holder: { kind: 'timers', callback: calling('poll programs/bound-timers.js:8') },
    className: 'Timeout',
    fingerprint: 'lw-fdd4d58b211feae4',
    mechanism: 'timers',
    location: 'poll bound-timers.ts:8',
  },
  buffers: {
    holder: inClass('UploadStore.chunks'),
    className: 'Buffer',
    fingerprint: 'lw-d5bb83b828485b79',
    mechanism: 'buffers',
  },
  'closure-chain': {
    holder: ofModule('replacePrevious', 'programs/closure-chain.js'),
    className: 'render()',
    fingerprint: 'lw-026c5ad77b44cd8e',
    mechanism: 'closure chain',
    location: 'render closure-chain.ts:8',
  },
  closure: {
    holder: captured('cache', 'handler()'),
    className: 'Object',
    fingerprint: 'lw-a67bbfdfff9374c0',
  },
  closures: {
    holder: ofModule('undo', 'programs/closures.js'),
    className: 'function',
    fingerprint: 'lw-6ba3ec8040078a8a',
    location: 'function closures.ts:5',
  },
  'deleted-keys': {
    holder: inClass('JobBoard.jobs'),
    className: 'Object',
    fingerprint: 'lw-a72697c1b3ad2f06',
  },
  'diagnostics-channel': {
    holder: inClass('Channel._subscribers', ofModule('orders', 'programs/diagnostics-channel.js')),
    className: 'function',
    fingerprint: 'lw-358239fa94816616',
    mechanism: 'diagnostics channel subscribers',
    location: 'function diagnostics-channel.ts:6',
  },
  dictionary: {
    holder: inClass('MemoryStore.sessions'),
    className: 'string',
    fingerprint: 'lw-de4fecbdf19b26e8',
  },
  errors: {
    holder: inClass('ErrorReporter.failures'),
    className: 'Error',
    fingerprint: 'lw-e88a873b83602334',
  },
  'event-target': {
    holder: listenersOf('list', null, 'EventTarget', ofModule('changes', 'programs/event-target.js')),
    className: 'Listener',
    fingerprint: 'lw-74284674d54e6a6b',
    mechanism: 'event listeners',
  },
  'express-routes': {
    holder: inClass('router.stack'),
    className: 'Layer',
    fingerprint: 'lw-209bd6c812235170',
    package: { name: 'router', version: null },
    location: 'Layer layer.js:36',
  },
  'express4-routes': {
    holder: inClass('router.stack', ofModule('app', 'programs/express4-routes.js')),
    className: 'Layer',
    fingerprint: 'lw-eae77dd15274d7e5',
    package: { name: 'express4', version: null },
    location: 'Layer layer.js:33',
  },
  'file-watchers': {
    holder: {
      kind: 'open',
      className: 'Node / FSEventWrap',
      callback: calling('function programs/file-watchers.js:6'),
    },
    className: 'FSWatcher',
    fingerprint: 'lw-3aac8d1cf52d5c26',
    perCall: 0.1,
    mechanism: 'watchers',
  },
  generators: {
    holder: ofModule('cursors', 'programs/generators.js'),
    className: 'readRows',
    fingerprint: 'lw-324743d09da3b925',
    location: 'readRows generators.ts:8',
  },
  'import-cache': {
    holder: inClass('ModuleLoader.loadCache'),
    className: 'Object',
    fingerprint: 'lw-5a52481193790b0f',
    mechanism: 'module cache',
    alsoHeldBy: [inClass('ResolveCache[]')],
  },
  intervals: {
    holder: { kind: 'timers', callback: calling('keepAlive programs/intervals.js:10') },
    className: 'Timeout',
    fingerprint: 'lw-108ee05897e88de4',
    mechanism: 'timers',
    location: 'keepAlive intervals.ts:11',
  },
  'linked-list': {
    holder: ofModule('head', 'programs/linked-list.js'),
    className: 'Object',
    fingerprint: 'lw-0f0a4cd86fe856e1',
    mechanism: 'linked list',
  },
  listeners: {
    holder: listenersOf('array', 'close', 'Bus'),
    className: 'function',
    fingerprint: 'lw-798c7444cb62860a',
    mechanism: 'event listeners',
    location: 'function listeners.ts:8',
  },
  'log-text': {
    holder: ofModule('transcript', 'programs/log-text.js'),
    className: 'string',
    fingerprint: 'lw-56179e5932597d48',
    perCall: 2,
    mechanism: 'concatenated string',
  },
  map: {
    holder: ofModule('sessions', 'programs/map.js'),
    className: 'Session',
    fingerprint: 'lw-98bba66f9d246b46',
    location: 'Session map.ts:4',
  },
  'minified-cache': {
    holder: inClass('RecentCache.#t', inClass('ProfileService.cache')),
    className: 'Object',
    fingerprint: 'lw-fe32147399d39a0f',
    package: { name: 'short-names', version: null },
  },
  'number-array': {
    holder: inClass('LatencyRecorder.samples'),
    className: 'number',
    fingerprint: 'lw-0ae6aa3427183ac7',
    perCall: null,
    mechanism: 'numbers',
  },
  'number-map': {
    holder: inClass('RateLimiter.hits'),
    className: 'number',
    fingerprint: 'lw-bf570c3a7315e7a3',
    perCall: null,
    mechanism: 'numbers',
  },
  'open-sockets': {
    holder: {
      kind: 'open',
      className: 'Node / TCPSocketWrap',
      callback: calling('function programs/open-sockets.js:5'),
    },
    className: 'Socket',
    fingerprint: 'lw-3f96e848fa580b45',
    perCall: 0.2,
    mechanism: 'sockets',
  },
  'package-cache': {
    holder: ofModule('compiled', 'tiny-templates/index.js'),
    className: 'Template',
    fingerprint: 'lw-e4a164c96e6b1f06',
    package: { name: 'tiny-templates', version: '2.4.1' },
    location: 'Template index.js:2',
  },
  'parallel-lists': {
    holder: inClass('ProfileCache.#values'),
    className: 'Object',
    fingerprint: 'lw-e4de1c25f9dbe981',
    alsoHeldBy: [
      inClass('ProfileCache.#times'),
      inClass('ProfileCache.#keys'),
      inClass('ProfileCache.#index'),
    ],
  },
  'private-field': {
    holder: inClass('Box.#items'),
    className: 'Object',
    fingerprint: 'lw-58e07698b8a8b7b7',
  },
  'promise-race': {
    holder: { kind: 'reactions', place: ofModule('shutdown', 'programs/promise-race.js') },
    className: 'function',
    fingerprint: 'lw-2fbb1da5edc64979',
    mechanism: 'promise reactions',
  },
  'require-cache': {
    holder: inClass('require.cache'),
    className: 'Module',
    fingerprint: 'lw-743468d3041c4d7b',
    mechanism: 'module cache',
    alsoHeldBy: [ofModule('_pathCache', 'programs/require-cache.js')],
  },
  set: {
    holder: ofModule('seen', 'programs/set.js'),
    className: 'Token',
    fingerprint: 'lw-929286eafe75e9c3',
    location: 'Token set.ts:3',
  },
  'sliced-strings': {
    holder: ofModule('userAgents', 'programs/sliced-strings.js'),
    className: 'string',
    fingerprint: 'lw-cb8b4f9986845cbd',
    mechanism: 'sliced strings',
  },
  'span-chain': {
    holder: { kind: 'async-store', path: '' },
    className: 'Span',
    fingerprint: 'lw-613fcd2535fcd6f2',
    mechanism: 'async store',
    location: 'Span span-chain.ts:6',
  },
  'static-field': {
    holder: inClass('Registry.all'),
    className: 'Item',
    fingerprint: 'lw-7e9a1877fab9b730',
    location: 'Item static-field.ts:3',
  },
  timeouts: {
    holder: { kind: 'timers', callback: calling('function programs/timeouts.js:4') },
    className: 'Timeout',
    fingerprint: 'lw-a7c0bb9c38313a4e',
    mechanism: 'timers',
    location: 'function timeouts.ts:5',
  },
  'two-holders': {
    holder: inClass('OrderBook.log'),
    className: 'Order',
    fingerprint: 'lw-5adbee88de4e61c7',
    alsoHeldBy: [inClass('OrderBook.byId')],
    location: 'Order two-holders.ts:3',
  },
  'upload-buffer': {
    holder: inClass('Upload.data'),
    className: 'Buffer',
    fingerprint: 'lw-666ac9b0aea1d3a5',
    perCall: 0,
    mechanism: 'buffers',
  },
  'vm-contexts': {
    holder: inClass('SandboxPool.tenants'),
    className: 'Object',
    fingerprint: 'lw-6fea054d34c9554c',
    perCall: 0.1,
    mechanism: 'contexts',
  },
  'weak-keys': {
    holder: ofModule('open', 'programs/weak-keys.js'),
    className: 'Socket',
    fingerprint: 'lw-ee45446afb6345b5',
    location: 'Socket weak-keys.ts:3',
  },
  'weak-map': {
    holder: { kind: 'weak-value', path: '', place: ofModule('tracer', 'programs/weak-map.js') },
    className: 'Span',
    fingerprint: 'lw-1eb28a2e019d1cfe',
    mechanism: 'weak map',
    location: 'Span weak-map.ts:3',
  },
};

/** `Order orders.js:12` */
function locationOf({ locations }: Suspect): string | undefined {
  const [first] = locations ?? [];
  return first && `${first.function} ${first.url.replace(/^.*\//, '')}:${first.line}`;
}

const countsOf = ({ steps }: Suspect) => steps.map(({ count }) => count);

/** Node's own tables change with its version. */
const othersOf = (holders: readonly Holder[] = []) =>
  holders
    .filter((holder) => !('script' in holder && holder.script?.startsWith('node:')))
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));

const ofProgram = ({ suspects }: Success) => suspects.filter(({ artefact }) => artefact === null);

describe('an analysis of real snapshots', { concurrency: 2 }, () => {
  for (const [name, expected] of Object.entries(LEAKS)) {
    it(`finds the holder of a leak into: ${name}`, async () => {
      const result = await analyzeProgram(name);
      const [first] = result.suspects;
      assert.ok(first !== undefined);
      assert.deepEqual(withShortCallback(first.holder), expected.holder);
      assert.equal(first.className, expected.className);
      assert.equal(first.mechanism, expected.mechanism ?? null);
      assert.deepEqual(othersOf(first.alsoHeldBy), othersOf(expected.alsoHeldBy));
      assert.deepEqual(first.package, expected.package ?? null);
      if (expected.location !== undefined) assert.equal(locationOf(first), expected.location);
      assert.equal(first.artefact, null);
      assert.equal(first.risingSteps, ROUNDS - 1);
      const gained = first.steps.at(-1)!.count - first.steps[0]!.count;
      const { perCall = 1 } = expected;
      if (perCall === null) assert.ok(gained > CALLS);
      else assert.equal(gained, CALLS * (ROUNDS - 1) * perCall);
      assert.equal(ofProgram(result).length, 1, 'one leak is one suspect');
      assert.equal(first.fingerprint, expected.fingerprint);
    });

    it(`tells no content, and only paths that are there, of a leak into: ${name}`, async () => {
      const { suspects, series, classes, walked } = await analyzeProgram(name);
      assert.doesNotMatch(JSON.stringify([suspects, classes]), /planted-secret/);
      assert.doesNotMatch(inflateRawSync(series).toString(), /planted-secret/);
      const path = suspects[0]!.retainerPath;
      assert.deepEqual(
        walked,
        path.map(({ edge, node }) => `${edge}: ${node}`),
      );
    });
  }

  for (const [name, { perCall }] of Object.entries(LEAKS)) {
    it(`finds the same in a sampled snapshot of a leak into: ${name}`, async () => {
      const { suspects, sampled } = await analyzeProgram(name);
      const [full, part] = [suspects[0]!, sampled.suspects[0]!];
      assert.equal(sampled.scaled, true);
      for (const field of ['fingerprint', 'holder', 'className', 'mechanism', 'package', 'bound'] as const)
        assert.deepEqual(part[field], full[field], field);
      assert.deepEqual(part.retainerPath, full.retainerPath);
      // Which of them is the larger holder is estimated.
      assert.deepEqual(namesOf(part)[1].toSorted(), namesOf(full)[1].toSorted());
      assert.deepEqual(part.locations?.[0], full.locations?.[0]);
      assert.equal(ofProgram(sampled).length, 1, 'one leak is one suspect');
      if (perCall !== null) assert.deepEqual(countsOf(part), countsOf(full));
      // What is open hangs on several lists of Node's own, and on which of them its bytes are counted differs.
      if (full.mechanism === 'sockets' || full.mechanism === 'watchers') return;
      const [partBytes, fullBytes] = [part.steps.at(-1)!.bytes, full.steps.at(-1)!.bytes];
      assert.ok(Math.abs(partBytes - fullBytes) <= SCALED_WITHIN * fullBytes, `${partBytes} of ${fullBytes}`);
    });
  }

  it('counts the numbers in a truncated collection exactly, as the whole heap does not show them', async () => {
    const counted = async (name: string) =>
      countsOf((await analyzeProgram(name)).sampled.suspects[0]!).at(-1);
    assert.equal(await counted('number-array'), CALLS * ROUNDS * 20);
    assert.equal(await counted('number-map'), CALLS * ROUNDS * 5);
  });

  it('gives the same fingerprint to the same leak in another process', async () => {
    const [one, other] = [await analyzeProgram('map'), await runProgram('map')];
    assert.equal(one.suspects[0]!.fingerprint, other.suspects[0]!.fingerprint);
  });

  it('says what a member looks like, and which bound its owner has', async () => {
    const [map, array] = [await analyzeProgram('map'), await analyzeProgram('array')];
    assert.deepEqual(map.suspects[0]!.fields, ['id', 'user']);
    assert.equal(map.suspects[0]!.shape, 'Session{id, user}');
    assert.equal(map.suspects[0]!.bound, null);
    assert.deepEqual(array.suspects[0]!.bound, {
      source: 'setting',
      name: 'max',
      limit: 1_000_000,
      unit: 'entries',
    });
  });

  it('says how much text small slices keep alive, and counts the memory outside the heap that buffers hold', async () => {
    const [slices, buffers] = [await analyzeProgram('sliced-strings'), await analyzeProgram('buffers')];
    const parents = CALLS * ROUNDS;
    assert.ok(slices.suspects[0]!.parentBytes! >= parents * 4000);
    assert.ok(slices.suspects[0]!.parentBytes! < parents * 5000);
    assert.ok(buffers.suspects[0]!.steps.at(-1)!.bytes >= CALLS * ROUNDS * 8192);
  });

  it('counts with a context of node:vm what it came with', async () => {
    const { suspects } = await analyzeProgram('vm-contexts');
    assert.ok(suspects[0]!.shareOfGrowth > 0.8);
  });

  it('finds two leaks where two holders gain entries at the same pace', async () => {
    const { suspects, sampled } = await analyzeProgram('two-bugs');
    for (const found of [suspects, sampled.suspects]) {
      const owners = found.filter(({ artefact }) => artefact === null).map(({ holder }) => nameOf(holder));
      assert.deepEqual(owners.toSorted(), ['AuditLog.lines', 'SessionStore.sessions']);
    }
  });

  it('finds nothing but artefacts in a healthy program', async () => {
    assert.deepEqual(ofProgram(await analyzeProgram('healthy')), []);
  });

  it('shows the leaking class among the classes that grew, at most 50 of them', async () => {
    const { classes } = await analyzeProgram('map');
    const row = classes.find(({ className }) => className === 'Session');
    assert.deepEqual(row?.counts, [CALLS, 2 * CALLS, 3 * CALLS]);
    assert.ok(classes.length <= 50);
  });
});
