/**
 * The programs that people open a profile with: pprof itself, and the classes with which Chrome DevTools reads one.
 * DevTools reads a CPU profile with `CPUProfileDataModel`; for a heap profile, its panel makes a `ProfileTreeModel` of it
 * as `devtoolsHeap` does here.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { HeapProfiler, Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CPUProfileDataModel,
  ProfileTreeModel,
} from '@paulirish/trace_engine/models/cpu_profile/cpu_profile.js';
import type { OperationFile } from '../../src/operations/operation.js';
import {
  bytesOf,
  control,
  granted,
  keepBusy,
  keepOrders,
  profilesOfThisThread,
  succeeded,
} from './profiles-fixture.js';

const PPROF = 'application/octet-stream';
const hasPprof = spawnSync('pprof', ['-h'], { stdio: 'ignore' }).error === undefined;

describe('A recorded profile', () => {
  const { clock, sites, profiles } = profilesOfThisThread();
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-profiles-'));
  const kinds: { heap: readonly OperationFile[]; cpu: readonly OperationFile[] } = { heap: [], cpu: [] };
  let burntMs = 0;
  before(async () => {
    const heap = profiles.recordHeap(1);
    const cpu = granted(profiles.recordCpu(1))(control());
    keepOrders(20_000);
    burntMs = await keepBusy(200);
    const running = typeof heap === 'function' ? heap(control()) : null;
    clock.advance(1000);
    kinds.cpu = succeeded(await cpu).files!;
    kinds.heap = running === null ? [] : succeeded(await running).files!;
  });
  after(() => {
    sites.stop();
    rmSync(folder, { recursive: true });
  });

  async function json<T>(kind: 'heap' | 'cpu'): Promise<T> {
    return JSON.parse(Buffer.from(await bytesOf(kinds[kind], 'application/json')).toString());
  }

  async function pprof(kind: 'heap' | 'cpu', ...options: string[]): Promise<string> {
    const file = join(folder, `${kind}.pb.gz`);
    writeFileSync(file, await bytesOf(kinds[kind], PPROF));
    const environment = { ...process.env, PPROF_TMPDIR: folder };
    const result = spawnSync('pprof', [...options, file], { encoding: 'utf8', env: environment });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  }

  const withoutPprof = hasPprof ? false : 'pprof is not installed';
  const withoutHeap = () => (kinds.heap.length === 0 ? 'nothing samples the heap here' : false);

  it('of the CPU opens in pprof', { skip: withoutPprof }, async () => {
    const raw = await pprof('cpu', '-raw');
    assert.match(raw, /^PeriodType: cpu nanoseconds$/m);
    assert.match(raw, /^samples\/count cpu\/nanoseconds\[dflt\]$/m);
    assert.match(raw, /thread:\[main\]/);
    assert.match(await pprof('cpu', '-top'), /^ +[\d.]+m?s .* (burnCpu|keepBusy)$/m);
  });

  it('of the heap opens in pprof', { skip: withoutPprof }, async (test) => {
    const missing = withoutHeap();
    if (missing !== false) return test.skip(missing);
    const raw = await pprof('heap', '-raw');
    assert.match(raw, /^PeriodType: space bytes$/m);
    assert.match(raw, /inuse_space\/bytes\[dflt\]$/m);
    assert.match(await pprof('heap', '-top'), / keepOrders$/m);
  });

  it("of the CPU opens in DevTools' parser", async () => {
    const profile = await json<Profiler.Profile>('cpu');
    const model = new CPUProfileDataModel.CPUProfileDataModel(profile as never);
    assert.equal(model.samples?.length, profile.samples?.length);
    const busy = nodesBelow(model.root).filter(({ functionName }) =>
      /^(burnCpu|keepBusy)$/.test(functionName),
    );
    const ms = busy.reduce((sum, { self }) => sum + self, 0);
    // DevTools counts each sample as the mean distance of all of them.
    assert.ok(ms > burntMs / 3, `${ms} of ${burntMs} ms`);
    assert.match(busy[0]!.url, /^file:\/\/\/.*profiles-fixture\.js$/);
  });

  it("of the heap opens in DevTools' parser", async (test) => {
    const missing = withoutHeap();
    if (missing !== false) return test.skip(missing);
    const profile = await json<HeapProfiler.SamplingHeapProfile & { samples: { size: number }[] }>('heap');
    const model = devtoolsHeap(profile);
    assert.equal(
      model.total,
      profile.samples.reduce((sum, { size }) => sum + size, 0),
    );
    const orders = nodesBelow(model.root).find(({ functionName }) => functionName === 'keepOrders');
    assert.ok(orders!.total > 1e6, `${orders?.total} bytes`);
  });
});

type TreeNode = ProfileTreeModel.ProfileNode;

function nodesBelow(node: TreeNode): TreeNode[] {
  return [node, ...node.children.flatMap(nodesBelow)];
}

function devtoolsHeap({ head }: HeapProfiler.SamplingHeapProfile): ProfileTreeModel.ProfileTreeModel {
  const treeOf = (from: HeapProfiler.SamplingHeapProfileNode): TreeNode => {
    const node = new ProfileTreeModel.ProfileNode(from.callFrame as never);
    node.self = from.selfSize;
    node.children = from.children.map(treeOf);
    return node;
  };
  const model = new ProfileTreeModel.ProfileTreeModel();
  model.initialize(treeOf(head));
  return model;
}
