import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChildUsage } from '../../src/capture/child-usage.js';
import { type GovernedChild, Governor, type GovernorOptions } from '../../src/capture/governor.js';
import { systemClock } from '../../src/runtime/clock.js';
import { createTestGroup } from '../support/control-group.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { seededRandom } from '../support/seeded-random.js';
import { governed, processState, startProgram } from './governed-process.js';

const MB = 2 ** 20;
const ELSEWHERE = process.platform === 'linux' ? false : 'reads /proc';

/** A child that computes whenever it may, on a clock of its own. */
class DrawnChild implements GovernedChild {
  readonly clock = new ManualClock();
  readonly signals: string[] = [];
  stopped = false;
  privateBytes = 0;
  cpuMs = 0;
  computes = true;

  stop(): void {
    this.signals.push('stop');
    this.stopped = true;
  }

  resume(): void {
    this.signals.push('resume');
    this.stopped = false;
  }

  kill(): void {
    this.signals.push('kill');
  }

  usage(): ChildUsage | null {
    return { cpuSeconds: this.cpuMs / 1000, privateBytes: this.privateBytes };
  }

  /** Lets time pass by milliseconds, and calls the timers that are due after each `lateMs`. */
  pass(ms: number, lateMs = 1): void {
    for (let passed = 0; passed < ms; passed += lateMs) {
      if (!this.stopped && this.computes) this.cpuMs += lateMs;
      this.clock.advance(lateMs);
    }
  }
}

function govern(child: DrawnChild, change: Partial<GovernorOptions> = {}): Governor {
  return new Governor({
    clock: child.clock,
    child,
    memory: () => ({ limitBytes: null, availableBytes: 1000 * MB }),
    reserveBytes: 50 * MB,
    allotmentBytes: null,
    timeoutMs: 60_000,
    cpuCores: null,
    ...change,
  });
}

describe('A governor', () => {
  it('lets a child be that stays within its limits, and tells what it took', () => {
    const child = new DrawnChild();
    const governor = govern(child);
    child.privateBytes = 300 * MB;
    child.pass(1000);
    child.privateBytes = 200 * MB;
    child.pass(1000);
    const verdict = governor.end();
    assert.deepEqual(verdict, {
      killed: null,
      peakBytes: 300 * MB,
      cpuSeconds: 2,
      stoppedMs: 0,
      longestStopMs: 0,
    });
    child.pass(120_000);
    assert.deepEqual(governor.end(), verdict);
    assert.deepEqual(child.signals, []);
  });

  it('kills the child when less than the reserve is left, with the numbers', () => {
    const child = new DrawnChild();
    let availableBytes = 51 * MB;
    const governor = govern(child, { memory: () => ({ limitBytes: 512 * MB, availableBytes }) });
    child.pass(1000);
    availableBytes = 49 * MB;
    child.pass(1000);
    assert.deepEqual(child.signals, ['kill']);
    assert.deepEqual(governor.end().killed, {
      cause: 'memory-short',
      availableBytes: 49 * MB,
      reserveBytes: 50 * MB,
      heldBytes: 0,
      grownBytes: 0,
    });
  });

  it('kills the child before the tick at which it would have reached the reserve', () => {
    const child = new DrawnChild();
    const memory = () => ({ limitBytes: null, availableBytes: 250 * MB - child.privateBytes });
    const governor = govern(child, { memory });
    child.privateBytes = 10 * MB;
    child.pass(25);
    while (child.privateBytes < 170 * MB) {
      assert.deepEqual(child.signals, [], `killed at ${child.privateBytes / MB} MB`);
      child.privateBytes += 40 * MB;
      child.pass(25);
    }
    assert.deepEqual(child.signals, ['kill'], 'at 210 MB only 40 would be left');
    assert.deepEqual(governor.end().killed, {
      cause: 'memory-short',
      availableBytes: 80 * MB,
      reserveBytes: 50 * MB,
      heldBytes: 170 * MB,
      grownBytes: 40 * MB,
    });
  });

  it('kills a child that holds more than was allotted to it, however much is left', () => {
    const child = new DrawnChild();
    const governor = govern(child, { allotmentBytes: 200 * MB });
    child.privateBytes = 200 * MB;
    child.pass(100);
    assert.deepEqual(child.signals, []);
    child.privateBytes = 201 * MB;
    child.pass(100);
    assert.deepEqual(governor.end().killed, {
      cause: 'over-allotment',
      heldBytes: 201 * MB,
      allotmentBytes: 200 * MB,
    });
  });

  it('kills a child that runs for too long', () => {
    const child = new DrawnChild();
    const governor = govern(child, { timeoutMs: 5000 });
    child.pass(5000);
    assert.deepEqual(child.signals, []);
    child.pass(50);
    assert.deepEqual(child.signals, ['kill']);
    const { killed } = governor.end();
    assert.ok(killed?.cause === 'too-long');
    assert.deepEqual([killed.limit, killed.limitMs, killed.stoppedMs], ['run', 5000, 0]);
    assert.ok(killed.ranMs > 5000 && killed.ranMs <= 5050, `${killed.ranMs}`);
  });

  it('does not take the time in which the service was busy or frozen for the child’s', () => {
    const child = new DrawnChild();
    const governor = govern(child, { timeoutMs: 5000 });
    child.clock.advance(3_600_000);
    child.pass(3900);
    assert.equal(governor.end().killed, null);
  });

  it('does not count stops as run, but ends even a child that is mostly stopped', () => {
    const child = new DrawnChild();
    const governor = govern(child, { timeoutMs: 5000, cpuCores: 0.25 });
    child.pass(40_000);
    assert.ok(!child.signals.includes('kill'));
    child.pass(20_000);
    const { killed, stoppedMs } = governor.end();
    assert.ok(killed?.cause === 'too-long');
    assert.deepEqual([killed.limit, killed.limitMs], ['run-and-stops', 50_000]);
    assert.ok(stoppedMs > 40_000);
  });

  it('goes on without what cannot be read, and never throws', () => {
    const child = new DrawnChild();
    const fail = () => {
      throw new Error('gone');
    };
    child.usage = fail;
    child.stop = fail;
    child.kill = fail;
    const governor = govern(child, { memory: fail, cpuCores: 0.5, timeoutMs: 5000 });
    child.pass(6000);
    const { killed, cpuSeconds } = governor.end();
    assert.equal(killed?.cause, 'too-long');
    assert.ok(cpuSeconds > 4, 'a child whose time cannot be read counts as computing');
    assert.deepEqual(child.signals, ['resume'], 'what cannot be killed is not left stopped');
  });
});

describe('Under a CPU quota a governor', () => {
  for (const cpuCores of [0.1, 0.25, 0.5, 1, 2]) {
    it(`of ${cpuCores} cores lets the child have a fifth of it, and no more than a quarter in any second`, () => {
      const child = new DrawnChild();
      const governor = govern(child, { cpuCores });
      const taken: number[] = [];
      for (let second = 0; second < 20_000; second++) {
        taken.push(child.cpuMs);
        child.pass(1);
      }
      const most = Math.max(...taken.slice(1000).map((cpuMs, i) => cpuMs - (taken[i] ?? 0)));
      assert.ok(most <= 250 * cpuCores, `${most} ms of CPU in a second`);
      assert.ok(child.cpuMs >= 0.18 * 20_000 * cpuCores && child.cpuMs <= 0.21 * 20_000 * cpuCores);
      assert.ok(governor.end().longestStopMs <= 500);
    });
  }

  it('keeps the share on average when its ticks come late', () => {
    const child = new DrawnChild();
    const random = seededRandom(3);
    const governor = govern(child, { cpuCores: 1, timeoutMs: 1e9 });
    for (let turn = 0; turn < 1000; turn++) {
      const lateMs = 1 + random.below(400);
      child.pass(lateMs, lateMs);
    }
    const { stoppedMs } = governor.end();
    const passedMs = child.cpuMs + stoppedMs;
    assert.ok(child.cpuMs < 0.22 * passedMs, `${child.cpuMs} ms of ${passedMs}`);
  });

  it('does not stop a child that waits, or one that has enough cores to itself', () => {
    for (const [computes, cpuCores] of [
      [false, 0.5],
      [true, 3],
      [true, null],
    ] as const) {
      const child = new DrawnChild();
      child.computes = computes;
      const governor = govern(child, { cpuCores });
      child.pass(10_000);
      governor.end();
      assert.deepEqual(child.signals, []);
    }
  });

  it('lets a stopped child go on when it ends, and kills one that it cannot resume', () => {
    const child = new DrawnChild();
    const governor = govern(child, { cpuCores: 0.5 });
    while (!child.stopped) child.pass(1);
    governor.end();
    assert.deepEqual(child.signals, ['stop', 'resume']);
    const stuck = new DrawnChild();
    stuck.resume = () => {
      throw new Error('not permitted');
    };
    govern(stuck, { cpuCores: 0.5 });
    stuck.pass(1000);
    assert.equal(stuck.signals.at(-1), 'kill');
  });

  it('watches the memory while the child is stopped, since the service may need it', () => {
    const child = new DrawnChild();
    let availableBytes = 1000 * MB;
    const governor = govern(child, { cpuCores: 0.25, memory: () => ({ limitBytes: null, availableBytes }) });
    while (!child.stopped) child.pass(1);
    availableBytes = 10 * MB;
    child.pass(200);
    assert.deepEqual(child.signals, ['stop', 'kill']);
    assert.equal(governor.end().killed?.cause, 'memory-short');
  });
});

describe('A governor of a real process', { skip: ELSEWHERE }, () => {
  let child: ChildProcess | null = null;
  afterEach(() => child?.kill('SIGKILL'));

  it('kills it when memory runs short', async () => {
    child = await startProgram('growing');
    const handle = governed(child);
    const available = () => 300 * MB - (handle.usage()?.privateBytes ?? 0);
    const governor = new Governor({
      clock: systemClock,
      child: handle,
      memory: () => ({ limitBytes: 400 * MB, availableBytes: available() }),
      reserveBytes: 40 * MB,
      allotmentBytes: null,
      timeoutMs: 60_000,
      cpuCores: null,
    });
    const [code, signal] = await once(child, 'exit');
    const { killed, peakBytes } = governor.end();
    assert.deepEqual([code, signal], [null, 'SIGKILL']);
    assert.equal(killed?.cause, 'memory-short');
    assert.ok(peakBytes > 40 * MB && peakBytes < 300 * MB, `${peakBytes / MB} MB`);
  });

  it('stops and resumes it so that it keeps to its share, and lets it run on in the end', async () => {
    child = await startProgram('computing');
    const before = processState(child).cpuSeconds;
    const from = systemClock.monotonicMs();
    const governor = new Governor({
      clock: systemClock,
      child: governed(child),
      memory: () => ({ limitBytes: null, availableBytes: null }),
      reserveBytes: 0,
      allotmentBytes: null,
      timeoutMs: 60_000,
      cpuCores: 0.5,
    });
    const computing = child;
    await eventually('some computing', () => processState(computing).cpuSeconds - before > 0.2);
    await eventually('a stop', () => processState(computing).state === 'T');
    const passed = (systemClock.monotonicMs() - from) / 1000;
    const taken = processState(child).cpuSeconds - before;
    const { killed, stoppedMs } = governor.end();
    assert.equal(killed, null);
    assert.ok(taken < passed / 4, `${taken} s of CPU in ${passed} s`);
    assert.ok(stoppedMs > 0);
    const held = processState(child).cpuSeconds;
    await eventually('computing on its own', () => processState(computing).cpuSeconds - held > 0.2);
  });
});

describe('In a real control group of 200 MB a governor', () => {
  it('kills a child that grows before the kernel kills anyone', async (context) => {
    const { group, reason } = createTestGroup({ memoryBytes: 200 * MB });
    if (group === null) {
      context.skip(reason);
      return;
    }
    try {
      const program = fileURLToPath(new URL('./programs/governing.js', import.meta.url));
      const service = group.spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(service, 'close');
      const printed = await text(service.stdout!);
      assert.deepEqual(await ended, [0, null], 'the service lives');
      const { limit, verdict, signal } = JSON.parse(printed);
      assert.equal(group.oomKills(), 0);
      assert.equal(limit.limitBytes, 200 * MB);
      assert.ok(limit.availableBytes > 50 * MB && limit.availableBytes < 200 * MB);
      assert.equal(signal, 'SIGKILL');
      assert.equal(verdict.killed.cause, 'memory-short');
      assert.ok(verdict.peakBytes > 10 * MB && verdict.peakBytes < 200 * MB);
    } finally {
      await group.destroy();
    }
  });
});
