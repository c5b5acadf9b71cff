import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { after, describe, it } from 'node:test';
import * as v8 from 'node:v8';
import { loadBinding } from '../../src/native/binding.js';
import { Profiles } from '../../src/profiles/profiles.js';
import { readPprof, total } from '../support/pprof.js';
import {
  bytesOf,
  control,
  granted,
  keepInvoices,
  keepOrders,
  ORIGIN,
  profilesOfThisThread,
  refusalOf,
  succeeded,
} from './profiles-fixture.js';

const PPROF = 'application/octet-stream';
const INTERVAL = 16_384;
const ORDERS = 50_000;

const hasAddon = loadBinding().binding !== null;
const isQuiet = 'startHeapProfile' in v8 || hasAddon;
const skip = isQuiet ? false : 'neither Node nor the addon begins a profiler that does not collect';

async function heapOf(profiles: Profiles) {
  return readPprof(await bytesOf(granted(profiles.heap()), PPROF));
}

describe('The heap profile', { skip }, () => {
  const { clock, sites, profiles } = profilesOfThisThread(INTERVAL);
  after(() => sites.stop());

  it('has what was allocated and is held, under the function that allocated it', async () => {
    keepOrders(ORDERS);
    const profile = await heapOf(profiles);
    const bytes = total(profile, 'inuse_space/bytes', 'keepOrders');
    // 300 samples: the estimate is off by some 6 %.
    assert.ok(bytes > ORDERS * 70 && bytes < ORDERS * 400, `${bytes} bytes`);
    const [stack] = profile.samples
      .filter((sample) => sample.stack[0]!.startsWith('keepOrders '))
      .map((sample) => sample.stack);
    assert.match(stack![0]!, /^keepOrders \/.*\/profiles-fixture\.js:\d+$/);
  });

  it("names types, period and moment as Go's heap profile does, and where it comes from", async () => {
    const profile = await heapOf(profiles);
    const { types, period, defaultType, timeMs, durationMs, comments, samples } = profile;
    assert.deepEqual(
      types.slice(hasAddon ? 0 : 1),
      ['inuse_objects/count', 'inuse_space/bytes'].slice(hasAddon ? 0 : 1),
    );
    assert.deepEqual([period, defaultType], [`${INTERVAL} space/bytes`, 'inuse_space']);
    assert.deepEqual([timeMs, durationMs], [clock.now(), 0]);
    assert.deepEqual(comments.slice(0, 4), [
      `node ${process.version}`,
      'leakwatch 1.2.3',
      `pid ${ORIGIN.pid}`,
      'thread main',
    ]);
    assert.ok(samples.every(({ labels }) => labels['thread'] === 'main'));
  });

  it('counts objects as well', { skip: hasAddon ? false : 'only the addon can count objects' }, async () => {
    const profile = await heapOf(profiles);
    const objects = total(profile, 'inuse_objects/count', 'keepOrders');
    // V8 may allocate several objects of one expression in one piece, and count them as one.
    assert.ok(objects > ORDERS * 0.7 && objects < ORDERS * 6, `${objects} objects`);
    assert.ok(profile.samples.every(({ values }) => values[0]! >= 1));
  });

  it("has the same bytes in V8's own format", async () => {
    const files = granted(profiles.heap());
    const json = JSON.parse(Buffer.from(await bytesOf(files, 'application/json')).toString());
    const sum = (node: { selfSize: number; children: [] }): number =>
      node.children.reduce((bytes, child) => bytes + sum(child), node.selfSize);
    assert.equal(sum(json.head), total(readPprof(await bytesOf(files, PPROF)), 'inuse_space/bytes'));
  });

  it('collects nothing', async () => {
    const collections = new v8.GCProfiler();
    collections.start();
    for (let time = 0; time < 3; time++) granted(profiles.heap());
    const full = collections.stop()?.statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact');
    assert.deepEqual(full, []);
  });

  it('recorded over a time has what was allocated in it, and nothing else', async () => {
    const work = granted(profiles.recordHeap(10));
    keepInvoices(ORDERS);
    const running = work(control());
    clock.advance(10_000);
    const { value, files, heldBytes } = succeeded(await running);
    const bytes = await bytesOf(files, PPROF);
    const profile = readPprof(bytes);
    assert.ok(total(profile, 'inuse_space/bytes', 'keepInvoices') > ORDERS * 60);
    assert.equal(total(profile, 'inuse_space/bytes', 'keepOrders'), 0);
    assert.equal(profile.durationMs, 10_000);
    assert.equal(profile.timeMs + 10_000, clock.now());
    const { seconds, intervalBytes, samples } = value as Record<string, number>;
    assert.deepEqual([seconds, intervalBytes], [10, INTERVAL]);
    const json = JSON.parse(Buffer.from(await bytesOf(files, 'application/json')).toString());
    assert.equal(json.samples.length, samples);
    assert.ok(heldBytes! >= bytes.byteLength && heldBytes! < 200_000, `${heldBytes} bytes are kept`);
  });

  it('recorded over a time leaves the history of sites as it was', async () => {
    const before = sites.status();
    const running = granted(profiles.recordHeap(1))(control());
    clock.advance(1000);
    succeeded(await running);
    assert.deepEqual(sites.status(), before);
  });

  it('recorded over a time shows its progress, and ends when it is cancelled', async () => {
    const cancelled = control();
    const running = granted(profiles.recordHeap(100))(cancelled);
    clock.advance(1000);
    await new Promise(setImmediate);
    cancelled.cancel();
    assert.deepEqual(await running, { value: null });
    assert.deepEqual(cancelled.parts, [0, 0.01]);
  });

  it('recorded over a time fails if the profiler was started again meanwhile', async () => {
    const running = granted(profiles.recordHeap(2))(control());
    stopEveryProfiler();
    clock.advance(1000);
    sites.afterMajorGc(clock.now());
    await new Promise(setImmediate);
    clock.advance(1000);
    const result = await running;
    assert.equal('error' in result && result.error.code, 'LEAKWATCH_ERR_REFUSED');
  });

  it('is refused once other code has stopped the profiler, until it is started again', async () => {
    stopEveryProfiler();
    assert.match(refusalOf(profiles.heap()), /stopped the profiler/);
    clock.advance(1000);
    sites.afterMajorGc(clock.now());
    keepOrders(ORDERS);
    assert.ok(total(await heapOf(profiles), 'inuse_space/bytes', 'keepOrders') > 0);
  });
});

describe('Without a profiler of its own', () => {
  it('the heap profile is refused, since reading that of others may force a GC', { skip }, () => {
    const other = new Session();
    other.connect();
    other.post('HeapProfiler.startSampling');
    const { profiles, sites } = profilesOfThisThread();
    for (const refusal of [profiles.heap(), profiles.recordHeap(1)])
      assert.match(refusalOf(refusal), /another profiler/);
    sites.stop();
    other.disconnect();
  });

  it('the heap profile is refused with the reason why nothing is sampled', () => {
    const { profiles: _, ...parts } = profilesOfThisThread();
    parts.sites.stop();
    const profiles = new Profiles({ ...parts, sites: { samples: () => ({ refused: 'no addon' }) } });
    assert.deepEqual([profiles.heap(), profiles.recordHeap(1)].map(refusalOf), ['no addon', 'no addon']);
  });
});

/** As any other user of the slot can. */
function stopEveryProfiler(): void {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.stopSampling');
  session.disconnect();
}
