import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type Profiler, Session } from 'node:inspector';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuPprof } from '../../src/profiles/cpu-profile.js';
import { cpuRecorder, samplingInterval } from '../../src/profiles/cpu-recorder.js';
import { Profiles } from '../../src/profiles/profiles.js';
import { readPprof, total } from '../support/pprof.js';
import {
  bytesOf,
  control,
  granted,
  keepBusy,
  ORIGIN,
  profilesOfThisThread,
  refusalOf,
  succeeded,
} from './profiles-fixture.js';

const PPROF = 'application/octet-stream';
const RECORDER = new URL('../../src/profiles/cpu-recorder.js', import.meta.url).href;

describe('A CPU profile', () => {
  const { profiles, ...parts } = profilesOfThisThread();
  const { clock, sites } = parts;
  after(() => sites.stop());

  async function recorded(work: () => unknown) {
    const running = granted(profiles.recordCpu(1))(control());
    await work();
    clock.advance(1000);
    return succeeded(await running);
  }

  it('shows where the thread was busy, and leaves idle time out', async () => {
    let burntMs = 0;
    const { value, files } = await recorded(async () => {
      burntMs = await keepBusy(300);
      await sleep(300);
    });
    const profile = readPprof(await bytesOf(files, PPROF));
    assert.deepEqual(profile.types, ['samples/count', 'cpu/nanoseconds']);
    assert.deepEqual([profile.period, profile.defaultType], ['1000000 cpu/nanoseconds', 'cpu']);
    assert.ok(profile.durationMs >= 590, `${profile.durationMs} ms`);
    const busyMs = total(profile, 'cpu/nanoseconds', 'keepBusy') / 1e6;
    assert.ok(busyMs > burntMs / 3 && busyMs < burntMs + 100, `${busyMs} of ${burntMs} ms`);
    assert.ok(!profile.strings.includes('(idle)') && !profile.strings.includes('(root)'));
    const { samples, pausesMs } = value as { samples: number; pausesMs: Record<string, number> };
    assert.ok(samples > 30 && pausesMs['start']! > 0 && pausesMs['stop']! > 0);
    assert.equal(parts.pauses.length, 2, 'the watcher knows of both pauses');
    assert.ok(total(profile, 'samples/count') <= samples);
  });

  it('has its samples in both formats', async () => {
    const { files } = await recorded(() => keepBusy(200));
    const v8 = JSON.parse(
      Buffer.from(await bytesOf(files, 'application/vnd.v8.cpuprofile+json')).toString(),
    ) as Profiler.Profile;
    const idle = new Set(
      v8.nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
    );
    const busy = v8.samples!.filter((id) => !idle.has(id));
    assert.equal(total(readPprof(await bytesOf(files, PPROF)), 'samples/count'), busy.length);
  });

  it('neither disturbs the profiler of an attached debugger nor is disturbed by it', async () => {
    const debuggers = new Session();
    debuggers.connect();
    debuggers.post('Profiler.enable');
    debuggers.post('Profiler.setSamplingInterval', { interval: 1000 });
    debuggers.post('Profiler.start');
    const { files } = await recorded(() => keepBusy(150));
    await keepBusy(150);
    let theirs: Profiler.Profile | null = null;
    debuggers.post('Profiler.stop', (_error, { profile }) => {
      theirs = profile;
    });
    debuggers.disconnect();
    const { startTime, endTime } = theirs as unknown as Profiler.Profile;
    assert.ok(endTime - startTime >= 300_000, 'theirs went on after ours');
    assert.ok(total(readPprof(await bytesOf(files, PPROF)), 'cpu/nanoseconds', 'keepBusy') > 50e6);
  });

  it('ends when it is cancelled, and leaves nothing', async () => {
    const cancelled = control();
    const running = granted(profiles.recordCpu(60))(cancelled);
    cancelled.cancel();
    assert.deepEqual(await running, { value: null });
  });

  it('has 1,000 samples at most, and no more than V8 can serialise within the budget, whatever was sampled', () => {
    const intervals = (budgetMs: number) =>
      [1, 4, 10, 120].map((seconds) => samplingInterval(seconds, budgetMs));
    assert.deepEqual(intervals(5000), [1000, 4000, 10_000, 120_000]);
    assert.deepEqual(intervals(1000), [1281, 5122, 12_805, 153_650]);
    assert.deepEqual(intervals(100), [12_821, 51_283, 128_206, 1_538_462]);
  });

  it('has 256 frames of a stack at most, which the widest tree is reckoned with', async () => {
    const recording = cpuRecorder.start(1000)!;
    const endMs = performance.now() + 200;
    while (performance.now() < endMs) descend(600);
    const { profile } = recording.stop()!;
    const depths = new Map([[profile.nodes[0]!.id, 0]]);
    // V8 lists callers before what they call.
    for (const { id, children = [] } of profile.nodes)
      for (const child of children) depths.set(child, depths.get(id)! + 1);
    const deepest = Math.max(...depths.values());
    assert.ok(deepest > 200 && deepest <= 256, `${deepest} frames`);
  });

  it('of the widest tree there can be is transformed in slices', async () => {
    const wide = { profile: widest(400), intervalMicros: 1000, startMs: 0 };
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const pprof = readPprof(await cpuPprof(wide, ORIGIN));
    isDone = true;
    assert.equal(total(pprof, 'samples/count'), 400);
    // 102,000 nodes are looked at twice, some 5,000 in a turn.
    assert.ok(turns > 30, `${turns} turns`);
  });

  it('is refused where starting would stop the service for long, and fails where V8 gives none', async () => {
    const cpu = { refusal: () => 'the heap is large', start: () => null };
    const refusing = new Profiles({ ...parts, cpu });
    assert.equal(refusalOf(refusing.recordCpu(1)), 'the heap is large');
    const failing = new Profiles({ ...parts, cpu: { ...cpu, refusal: () => null } });
    const result = await granted(failing.recordCpu(1))(control());
    assert.equal('error' in result && result.error.code, 'LEAKWATCH_ERR_REFUSED');
    assert.equal(cpuRecorder.refusal(60_000), null, 'this heap is small');
    const walks = Number.parseInt(process.versions.v8, 10) < 14;
    if (walks) assert.equal(typeof cpuRecorder.refusal(26), 'string', 'more than 29 MB in 26 ms');
    else assert.equal(cpuRecorder.refusal(26), null);
    assert.match(cpuRecorder.refusal(25) ?? '', /stopping.* 20 samples.*pauseBudgetMs allows 25/);
  });
});

/** The work comes after the call, so that every frame is there for a while. */
function descend(depth: number): number {
  let sum = depth === 0 ? 0 : descend(depth - 1);
  for (let at = 0; at < 200; at++) sum = Math.sqrt(sum + at);
  return sum;
}

/** No two samples share a frame, and each has as many as V8 keeps. */
function widest(samples: number): Profiler.Profile {
  const call = (id: number) => ({
    functionName: `f${id % 500}`,
    scriptId: '7',
    url: 'file:///srv/shop/app.js',
    lineNumber: id % 500,
    columnNumber: 0,
  });
  const root = { id: 1, callFrame: { ...call(0), functionName: '(root)' }, children: [] as number[] };
  const nodes: Profiler.ProfileNode[] = [root];
  const leaves: number[] = [];
  for (let id = 2; id <= 1 + samples * 255; id++) {
    const isLeaf = (id - 1) % 255 === 0;
    if ((id - 2) % 255 === 0) root.children.push(id);
    if (isLeaf) leaves.push(id);
    nodes.push({ id, callFrame: call(id), children: isLeaf ? [] : [id + 1] });
  }
  return {
    nodes,
    startTime: 0,
    endTime: samples * 1000,
    samples: leaves,
    timeDeltas: leaves.map(() => 1000),
  };
}

/** How a program ends while its CPU is profiled. */
const WAYS = {
  'by itself': { code: '', status: 0 },
  'by process.exit()': { code: 'process.exit(3);', status: 3 },
  'by an error': { code: "throw new Error('meant');", status: 1 },
} as const;

describe('A program whose CPU is profiled', () => {
  for (const [way, { code, status }] of Object.entries(WAYS)) {
    it(`ends ${way} as it would without`, () => {
      const program = `const { cpuRecorder } = await import('${RECORDER}'); globalThis.kept = cpuRecorder.start(1000);\n${code}`;
      const ended = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.deepEqual([ended.status, ended.signal], [status, null], ended.stderr);
    });
  }
});
