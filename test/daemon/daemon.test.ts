import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { beforeEach, describe, it } from 'node:test';
import type { AnalysisOutcome } from '../../src/analysis/analysis-outcome.js';
import { type CaptureLevel, type CaptureRecord, hasGraph } from '../../src/capture/capture-record.js';
import type { ClassCount } from '../../src/capture/class-census.js';
import type { DumpOutcome, HeapDumper } from '../../src/capture/heap-dumper.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { OwnPauses } from '../../src/daemon/own-pauses.js';
import type { Job } from '../../src/daemon/schedule.js';
import type { Finding } from '../../src/findings/finding.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import type { OperationControl, OperationResult } from '../../src/operations/operation.js';
import type { Options } from '../../src/options/options.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import type { FullGc } from '../../src/sampling/full-gc.js';
import type { GcEvent, GcSource } from '../../src/sampling/gc-source.js';
import { createHeapReader, type HeapReaders, processReaders } from '../../src/sampling/heap-reader.js';
import type { HeapSample } from '../../src/sampling/heap-sample.js';
import { SampleWindow } from '../../src/trend/sample-window.js';
import { NO_SITES } from '../support/allocation-sites.js';
import { eventually } from '../support/eventually.js';
import { inClass } from '../support/holder.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger, type RecordingLogger } from '../support/recording-logger.js';
import { suspectWith } from '../support/suspect.js';

const MB = 2 ** 20;
const COSTS = { pauseMs: 100, peakBytes: 20 * MB, cpuSeconds: 0, retries: 0, graph: null };
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000, 7000];

/** This process as it stands now: what the tests allocate later must not look like growth outside the heap. */
const STEADY_PROCESS = Object.fromEntries(
  Object.entries(processReaders()).map(([name, read]) => {
    const value: unknown = read();
    return [name, () => value];
  }),
) as unknown as HeapReaders;

/** A daemon whose time, collections, dumps and analyses belong to the test. */
class Bench {
  readonly clock = new ManualClock();
  readonly logger: RecordingLogger = createRecordingLogger();
  readonly ownPauses = new OwnPauses();
  readonly captures: CaptureRecord[] = [];
  readonly kept: number[] = [];
  readonly jobs = new Map<string, Job>();
  readonly daemon: Daemon;
  collected: (events: readonly GcEvent[]) => void = () => {};
  dump: () => Promise<DumpOutcome> = async () => this.dumped();
  analyse: () => Promise<AnalysisOutcome> = async () => this.analysed([]);
  analyses: (Uint8Array | null)[] = [];
  clockSteps: number[] = [];
  pausePredictedMs = 100;
  /** Frees half of the heap in 40 ms. */
  readonly fullGc: FullGc = {
    size: () => ({ usedBytes: this.used, spaces: { old_space: this.used } }),
    run: () => {
      this.clock.advance(40);
      this.used /= 2;
      return true;
    },
  };
  used = 20 * MB;
  cpuPredicted = 0.1;
  /** Live heap, as any level finds it, bytes. */
  live: () => number = () => 10 * MB;
  classes: () => readonly ClassCount[] = () => [];
  readonly levelsDumped: CaptureLevel[] = [];

  constructor(options: Options = {}, levels: readonly CaptureLevel[] = ['full']) {
    const gcSource: GcSource = {
      name: 'built-in',
      reason: 'requested',
      start: (onEvents) => {
        this.collected = onEvents;
      },
      stop: () => {
        this.collected = () => {};
      },
    };
    const dumper: HeapDumper = {
      name: 'inline',
      levels,
      predict: (level) => ({
        pauseMs: this.pausePredictedMs,
        memoryBytes: MB,
        cpuSeconds: level === 'probe' ? 0.1 : this.cpuPredicted,
      }),
      dump: async (order) => {
        this.levelsDumped.push(order.level);
        order.paused(this.clock.monotonicMs(), this.clock.monotonicMs() + 100);
        const outcome = await this.dump();
        if (outcome.outcome === 'failure') return outcome;
        if (hasGraph(order.level)) order.receiver.stream();
        return { ...outcome, census: order.level === 'census' ? this.classes() : null };
      },
    };
    this.daemon = new Daemon(resolveOptions({ pace: 'fast', ...options }), {
      clock: this.clock,
      logger: this.logger,
      gcSource,
      reader: createHeapReader(STEADY_PROCESS, (startMs) => this.ownPauses.includes(startMs), this.clock),
      window: new SampleWindow(),
      dumper: { dumper, reason: 'for the test' },
      fullGc: this.fullGc,
      startAnalysis: ({ previous, clockStepMs = 0 }) => {
        this.analyses.push(previous);
        this.clockSteps.push(clockStepMs);
        return { sink: new Writable({ write: (_c, _e, done) => done() }), result: this.analyse(), kill() {} };
      },
      ownPauses: this.ownPauses,
      sites: NO_SITES,
      store: { keep: () => void this.kept.push(this.clock.now()), restore: () => null, prune() {} },
    });
    this.daemon.events.on('capture', (capture) => this.captures.push(capture));
    for (const job of this.daemon.jobs) this.jobs.set(job.name, job);
    this.daemon.start();
  }

  dumped(): DumpOutcome {
    return { ...COSTS, outcome: 'success', liveBytes: this.live(), census: null };
  }

  analysed(suspects: readonly Suspect[]): AnalysisOutcome {
    const snapshots = this.analyses.length;
    return {
      outcome: 'success',
      nodes: 1000,
      edges: 3000,
      heapBytes: MB,
      snapshots,
      suspects,
      classes: [],
      series: Buffer.from([snapshots]),
      elapsedMs: 5,
      cpuSeconds: 0.5,
      peakRssBytes: MB,
      notes: [],
    };
  }

  async tick(seconds = 1): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000);
      await this.jobs.get('sample')?.run();
    }
  }

  /** Ticks every ten seconds for this long, in which V8 collects fully where `collects` says so. */
  async pass(minutes: number, collects = false): Promise<void> {
    for (let tick = 0; tick < minutes * 6; tick++) {
      this.clock.advance(10_000);
      if (collects) this.collected([this.major(this.live())]);
      await this.jobs.get('sample')?.run();
      // A capture takes some turns of the loop.
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    }
  }

  /** Ticks until one more capture is taken or refused. */
  async nextCapture(): Promise<CaptureRecord> {
    const before = this.captures.length;
    for (let i = 0; i < 120 && this.captures.length === before; i++) {
      await this.tick();
      await new Promise(setImmediate);
    }
    return await eventually('a capture', () => this.captures[before]);
  }

  major(usedBytes: number): GcEvent {
    return {
      kind: 'major',
      startMs: this.clock.monotonicMs(),
      pauseMs: 1,
      figures: { usedBytes, beforeBytes: null, oldBytes: usedBytes },
    };
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('The daemon', () => {
  it('follows a path that grows from capture to capture until it is confirmed', async () => {
    const told: string[] = [];
    bench.daemon.events.on('finding', ({ status }) => told.push(status));
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    for (let i = 0; i < 6; i++) assert.equal((await bench.nextCapture()).outcome, 'success');
    assert.deepEqual(told, ['suspected', 'confirmed']);
    assert.equal(bench.daemon.status().state, 'confirmed');
    assert.equal(bench.kept.length, 2);
    // What is open is written anew, so that its file tells when it was last seen.
    await bench.jobs.get('prune')?.run();
    assert.equal(bench.kept.length, 3);
  });

  it('hands each analysis what the one before remembered', async () => {
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    for (let i = 0; i < 3; i++) await bench.nextCapture();
    assert.deepEqual(
      bench.analyses.map((memory) => memory?.[0] ?? null),
      [null, 1, 2],
    );
  });

  it('says to each analysis how far the wall clock was set since the one before, which may have failed', async () => {
    const day = 86_400_000;
    const analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    bench.analyse = analyse;
    await bench.nextCapture();
    bench.clock.setWallClock(900);
    await bench.nextCapture();
    bench.clock.setWallClock(2 * day);
    const costs = { cpuSeconds: 0, peakRssBytes: 0 };
    bench.analyse = async () => ({ ...costs, outcome: 'crashed', cause: 'unreadable' });
    await bench.nextCapture();
    bench.clock.setWallClock(day);
    bench.analyse = analyse;
    await bench.nextCapture();
    await bench.nextCapture();
    assert.deepEqual(bench.clockSteps, [0, 0, 2 * day, 3 * day, 0]);
  });

  it('ends a series that shows no growth, and does not begin another while it cools down', async () => {
    for (let i = 0; i < 3; i++) await bench.nextCapture();
    const ended = bench.clock.now();
    await bench.tick(60);
    assert.equal(bench.captures.length, 3);
    assert.equal(bench.daemon.status().reasonCode, 'no-growth');
    for (let i = 1; bench.captures.length === 3; i++) {
      bench.collected([bench.major((10 + i) * MB)]);
      await bench.tick();
    }
    assert.ok(bench.clock.now() - ended >= 15_000);
    assert.equal(bench.analyses[3], null);
  });

  it('captures at the end of a full collection by V8 when one comes while a capture is due', async () => {
    await bench.tick(6);
    assert.equal(bench.captures.length, 0);
    const due = bench.clock.now();
    bench.collected([bench.major(9 * MB)]);
    await eventually('the capture', () => bench.captures.length === 1);
    assert.equal(bench.captures[0]?.atMs, due);
  });

  it("does not take the collections of its own captures for the service's", async () => {
    bench.collected([bench.major(9 * MB)]);
    assert.equal(bench.daemon.status().live?.bytes, 9 * MB);
    await bench.nextCapture();
    assert.equal(bench.daemon.status().live?.bytes, 10 * MB);
    bench.collected([bench.major(77 * MB)]);
    assert.equal(bench.daemon.status().live?.bytes, 10 * MB);
  });

  it('reports a failed dump and a failed, crashed or late analysis, counts them, and tries again', async () => {
    bench.dump = async () => ({ ...COSTS, outcome: 'failure', failure: { cause: 'child-time' } });
    bench.analyse = async () => ({
      outcome: 'cancelled',
      cause: 'cancelled',
      cpuSeconds: 0,
      peakRssBytes: 0,
    });
    assert.equal((await bench.nextCapture()).outcome, 'dump-failed');
    bench.dump = async () => bench.dumped();
    const endings: AnalysisOutcome[] = [
      { outcome: 'crashed', cause: 'unreadable', cpuSeconds: 0, peakRssBytes: 0 },
      { outcome: 'timeout', cause: 'timeout', timeoutMs: 60_000, cpuSeconds: 0, peakRssBytes: 0 },
      {
        outcome: 'failure',
        step: 'parsing',
        cause: { kind: 'format', message: 'byte 7' },
        elapsedMs: 1,
        cpuSeconds: 0,
        peakRssBytes: 0,
      },
    ];
    const seen = [];
    for (const ending of endings) {
      bench.analyse = async () => ending;
      const { outcome, cause } = await bench.nextCapture();
      seen.push([outcome, cause]);
    }
    assert.deepEqual(seen, [
      ['analysis-failed', 'unreadable'],
      ['analysis-timeout', 'timeout'],
      ['analysis-failed', 'step-failed'],
    ]);
    assert.deepEqual(
      { ...bench.daemon.status().errors, sampling: 0 },
      {
        sampling: 0,
        trend: 0,
        capture: 1,
        analysis: 3,
        findings: 0,
        store: 0,
      },
    );
    bench.analyse = async () => bench.analysed([]);
    assert.equal((await bench.nextCapture()).outcome, 'success');
  });

  it('records a capture that a limit forbade, with its reason, and not again at every tick', async () => {
    bench.pausePredictedMs = 1e6;
    const refused = await bench.nextCapture();
    assert.equal(refused.outcome, 'skipped');
    assert.equal(refused.cause, 'pause-over-budget');
    await bench.tick(5);
    assert.equal(bench.captures.length, 1);
  });

  it('says at any time why it does not capture', async () => {
    await bench.tick();
    assert.equal(bench.daemon.status().reasonCode, 'trend-unknown');
    bench.collected([bench.major(MB)]);
    for (let i = 0; i < 3; i++) await bench.nextCapture();
    await bench.tick();
    assert.match(bench.daemon.status().reasonCode, /^(spacing|cooling-down)$/);
  });

  it('captures on schedule, growth or not', async () => {
    bench = new Bench({ schedule: { capture: '0 * * * *' } });
    await bench.tick();
    await bench.jobs.get('capture')?.run();
    assert.equal((await bench.nextCapture()).trigger, 'schedule');
  });

  it('publishes a finding whose words cannot be made with what identifies it, and the others as always', async () => {
    const unspeakable = {
      ...inClass('OrderHistory.byCustomer'),
      get keptBy(): never {
        throw new Error('there are no words');
      },
    };
    const broken: Partial<Suspect> = { fingerprint: 'lw-fedcba9876543210', holder: unspeakable };
    const events: Finding[] = [];
    bench.daemon.events.on('finding', (finding) => events.push(finding));
    bench.analyse = async () => {
      const counts = STEADY.slice(0, bench.analyses.length);
      return bench.analysed([suspectWith(counts), suspectWith(counts, broken)]);
    };
    for (let i = 0; i < 6; i++) await bench.nextCapture();
    const { findings } = bench.daemon.status();
    const plain = findings.find(({ id }) => id === broken.fingerprint);
    const worded = findings.find(({ id }) => id !== broken.fingerprint);
    assert.ok(plain !== undefined && worded !== undefined && findings.length === 2);
    const again = bench.daemon.status().findings;
    assert.ok(
      again.every((one, at) => one === findings[at]),
      'worded once, until something changes',
    );
    assert.equal(plain.status, 'confirmed');
    for (const word of ['Order', 'heap', plain.id]) assert.ok(plain.title.includes(word), plain.title);
    assert.equal(plain.reasons.length, plain.evidence.length);
    assert.deepEqual(
      plain.evidence.map(({ rule, numbers }) => [rule, numbers]),
      worded.evidence.map(({ rule, numbers }) => [rule, numbers]),
    );
    assert.ok(worded.title.includes('OrderHistory.byCustomer'), worded.title);
    assert.deepEqual(
      events.map(({ id, status }) => `${id} ${status}`).sort(),
      [plain, worded].flatMap(({ id }) => [`${id} confirmed`, `${id} suspected`]).sort(),
    );
    assert.equal(bench.kept.length, 2);
    const warnings = bench.logger.lines.filter(({ level }) => level === 'warn');
    assert.equal(warnings.filter(({ message }) => message.includes('there are no words')).length, 1);
  });

  it('goes on when a listener, the store or the sampling throws, and counts what was its own', async () => {
    bench.daemon.events.on('capture', () => {
      throw new Error('the listener is broken');
    });
    let heard = 0;
    bench.daemon.events.on('capture', () => {
      heard += 1;
    });
    assert.equal((await bench.nextCapture()).outcome, 'success');
    assert.equal(heard, 1);
    assert.ok(bench.logger.lines.some(({ message }) => message.includes('the listener is broken')));
    bench.collected([null as never]);
    assert.equal(bench.daemon.status().errors.sampling, 1);
    await bench.tick();
    assert.equal(bench.daemon.status().errors.sampling, 1);
  });

  it('says that it watches nothing when sampling fails again and again, and goes on when it works', async () => {
    await bench.tick(2);
    const { now } = bench.clock;
    bench.clock.now = () => {
      throw new Error('no time');
    };
    const states: string[] = [];
    bench.daemon.events.on('state', (state) => states.push(state));
    for (let tick = 0; tick < 3; tick++) await bench.jobs.get('sample')?.run();
    bench.clock.now = now;
    assert.equal(bench.daemon.status().reasonCode, 'sampling-failed');
    await bench.tick();
    assert.deepEqual(states, ['failed', 'learning']);
  });

  it('keeps a bounded number of captures', async () => {
    bench.analyse = async () => bench.analysed([suspectWith(STEADY)]);
    for (let i = 0; i < 40; i++) await bench.nextCapture();
    assert.equal(bench.daemon.status().captures.length, 32);
    assert.equal(bench.daemon.status().captures.at(-1)?.id, bench.captures.at(-1)?.id);
  });

  it('waits for a running capture when it is stopped, and calls it cancelled', async () => {
    let release = (_outcome: AnalysisOutcome) => {};
    bench.analyse = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const cancelled = new Promise<CaptureRecord>((resolve) => bench.daemon.events.once('capture', resolve));
    await bench.tick(10);
    const stopping = bench.daemon.stop();
    release(bench.analysed([]));
    assert.equal((await cancelled).outcome, 'cancelled');
    await stopping;
    assert.equal(bench.daemon.events.listenerCount('capture'), 0);
  });
});

const LADDER: readonly CaptureLevel[] = ['probe', 'census', 'sampled', 'full'];

/** At the production pace, with a dumper that has all levels. */
function productionBench(): Bench {
  const bench = new Bench({ pace: 'production', pauseBudgetMs: 1000 }, LADDER);
  bench.pausePredictedMs = 2;
  return bench;
}

/** From now on the live heap grows, and so does one class. */
function grow(bench: Bench, kilobytesPerSecond: number): void {
  const fromMs = bench.clock.now();
  const before = bench.live();
  const gained = () => ((bench.clock.now() - fromMs) / 1000) * kilobytesPerSecond * 1024;
  bench.live = () => before + gained();
  bench.classes = () => [{ className: 'Order', count: 100 + gained() / 40, bytes: 4000 + gained() }];
}

/** From now on nothing does. */
function level(bench: Bench): void {
  const [live, classes] = [bench.live(), bench.classes()];
  bench.live = () => live;
  bench.classes = () => classes;
}

describe('On the ladder the daemon', () => {
  beforeEach(() => {
    bench = productionBench();
  });

  it('probes the live heap once a minute where nothing else tells it, and makes a trend of that', async () => {
    grow(bench, 0.1);
    await bench.pass(12);
    assert.deepEqual(new Set(bench.levelsDumped), new Set(['probe']));
    assert.equal(bench.levelsDumped.length, 12);
    const { live, trends, captures } = bench.daemon.status();
    assert.ok(live !== null && bench.clock.now() - live.atMs <= 60_000);
    assert.deepEqual([trends.short.basis, trends.short.direction], ['capture', 'flat']);
    assert.equal(captures.length, 8, 'of which the latest are kept');
    assert.equal(bench.daemon.status().reasonCode, 'no-growth');
  });

  it('probes nothing while V8 collects fully by itself', async () => {
    await bench.pass(12, true);
    assert.deepEqual(bench.levelsDumped, []);
    assert.equal(bench.daemon.status().trends.short.basis, 'major-gc');
  });

  it('probes further apart where a pause is longer', async () => {
    bench.pausePredictedMs = 36;
    await bench.pass(12);
    assert.equal(bench.levelsDumped.length, 4, 'every three minutes, from the first');
  });

  it('takes censuses of a heap that rises, and then graphs, since a class grows', async () => {
    grow(bench, 50);
    await bench.pass(20);
    const climbed = bench.levelsDumped.filter((level) => level !== 'probe');
    assert.deepEqual(climbed.slice(0, 4), ['census', 'census', 'sampled', 'sampled']);
    assert.ok(!climbed.slice(2).includes('census'), climbed.join());
    const { census } = bench.daemon.status();
    assert.equal(census?.growing?.[0]?.className, 'Order');
    assert.equal(bench.analyses[0], null);
  });

  it('calls a growth off that no census shows, and cools down', async () => {
    grow(bench, 50);
    bench.pausePredictedMs = 1e6;
    await bench.pass(38, true);
    assert.deepEqual(
      bench.captures.map(({ rung, outcome }) => `${rung} ${outcome}`),
      Array(3).fill('census skipped'),
      'until now all were refused',
    );
    bench.pausePredictedMs = 2;
    level(bench);
    await bench.pass(12, true);
    assert.deepEqual(bench.levelsDumped, Array(4).fill('census'));
    assert.deepEqual(bench.daemon.status().census?.growing, []);
    assert.equal(bench.daemon.status().reasonCode, 'cooling-down');
    await bench.pass(10, true);
    assert.equal(bench.levelsDumped.length, 4);
  });

  it('says when the next census is due', async () => {
    grow(bench, 50);
    while (!bench.levelsDumped.includes('census')) await bench.pass(1);
    await bench.pass(1);
    const { reason, reasonCode, reasonDetail } = bench.daemon.status();
    assert.equal(reasonCode, 'census');
    assert.equal(reason, `census: ${reasonDetail}`);
  });

  it('records once that a series waits for its CPU budget, whatever it looks at meanwhile', async () => {
    grow(bench, 50);
    while (!bench.levelsDumped.includes('sampled')) {
      await bench.pass(1);
      if (bench.levelsDumped.filter((level) => level === 'census').length === 2) {
        bench.cpuPredicted = 40;
        bench.dump = async () => ({ ...bench.dumped(), cpuSeconds: 40 });
      }
    }
    await bench.pass(20);
    const skipped = bench.captures.filter(({ outcome }) => outcome === 'skipped');
    assert.deepEqual(
      skipped.map(({ rung, trigger }) => [rung, trigger]),
      [['sampled', 'trend']],
    );
    assert.equal(skipped[0]?.cause, 'cpu-budget');
    assert.equal(bench.daemon.status().reasonCode, 'cpu-budget');
  });

  it('goes on probing while a series is out of CPU, and captures what costs more than an hour allows', async () => {
    grow(bench, 50);
    bench.cpuPredicted = 300;
    bench.dump = async () => ({
      ...bench.dumped(),
      cpuSeconds: bench.levelsDumped.at(-1) === 'probe' ? 0.1 : 300,
    });
    await bench.pass(30);
    assert.deepEqual(
      bench.levelsDumped.filter((level) => level !== 'probe'),
      ['census'],
    );
    assert.equal(bench.daemon.status().reasonCode, 'cpu-budget');
    assert.ok(bench.levelsDumped.length > 25, `${bench.levelsDumped.length}`);
  });

  it('is told by probes that keep failing once only, and loses no series by them', async () => {
    bench = new Bench({}, ['probe', 'full']);
    bench.pausePredictedMs = 0.5;
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    bench.dump = async () =>
      bench.levelsDumped.at(-1) === 'probe'
        ? { ...COSTS, outcome: 'failure', failure: { cause: 'error', code: 'EAGAIN', message: 'fork' } }
        : bench.dumped();
    while (bench.daemon.status().state !== 'confirmed') await bench.nextCapture();
    const failed = bench.captures.filter(({ outcome }) => outcome === 'dump-failed');
    assert.ok(failed.length >= 3 && failed.every(({ rung }) => rung === 'probe'), `${failed.length}`);
    assert.equal(bench.daemon.status().errors.capture, failed.length);
    const told = bench.logger.lines.filter(({ message }) => /EAGAIN/.test(message)).map(({ level }) => level);
    assert.deepEqual(told, ['warn', ...Array(failed.length - 1).fill('debug')]);
    assert.equal(bench.analyses.length, 6, 'one series of graphs');
  });

  it('captures the graph at once where someone asked, whatever the censuses say', async () => {
    bench = new Bench(
      { pace: 'production', pauseBudgetMs: 1000, schedule: { capture: '0 * * * *' } },
      LADDER,
    );
    await bench.pass(1);
    await bench.jobs.get('capture')?.run();
    await bench.pass(3);
    assert.deepEqual(bench.levelsDumped.filter((level) => level !== 'probe').slice(0, 1), ['sampled']);
    assert.ok(bench.captures.some(({ rung, trigger }) => rung === 'sampled' && trigger === 'schedule'));
  });

  it('keeps the program alive until a capture that is called off has ended', async () => {
    let release = (_outcome: DumpOutcome): void => {};
    bench.dump = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await bench.pass(3);
    assert.deepEqual(bench.levelsDumped, ['probe']);
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const stopping = bench.daemon.stop();
    assert.equal(timers(), before + 1);
    release(bench.dumped());
    await stopping;
    assert.equal(timers(), before);
  });
});

/** The handle of a scan's operation: what it said of its progress, and a way to cancel it. */
function scanControl() {
  const abort = new AbortController();
  const steps: string[] = [];
  const control: OperationControl = {
    signal: abort.signal,
    progress: (step, _part, round) => void steps.push(`${step} ${round?.number}/${round?.of}`),
  };
  return { control, steps, cancel: () => abort.abort() };
}

/** What `work` resolves to; time passes meanwhile. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let over = false;
  void work.finally(() => {
    over = true;
  });
  while (!over) {
    bench.clock.advance(1000);
    await new Promise(setImmediate);
  }
  return await work;
}

describe('A scan', () => {
  const scan = (captures: number, control: OperationControl, spacingSeconds = 10) =>
    bench.daemon.scans.run({ captures, spacingSeconds }, control);
  const scanned = (result: OperationResult) => {
    assert.ok('value' in result, JSON.stringify(result));
    return result.value as {
      readonly warmingUp: boolean;
      readonly endedBy: string | null;
      readonly graphs: number;
      readonly captures: readonly {
        readonly trigger: string;
        readonly outcome: string;
        readonly at: string;
      }[];
      readonly findings: readonly { readonly id: string; readonly status: string; readonly title: string }[];
    };
  };
  const growing = () => {
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
  };

  it('captures and compares graphs at once, without a trend, and says what grew', async () => {
    growing();
    const { control, steps } = scanControl();
    const value = scanned(await whileTimePasses(scan(3, control)));
    assert.equal(value.graphs, 3);
    assert.deepEqual(
      value.captures.map(({ trigger, outcome }) => `${trigger} ${outcome}`),
      ['demand success', 'demand success', 'demand success'],
    );
    assert.deepEqual(
      value.findings.map(({ id, status }) => [id, status]),
      [['lw-0123456789abcdef', 'suspected']],
    );
    assert.equal(bench.daemon.status().state, 'suspected');
    assert.deepEqual(steps, [
      'capturing 1/3',
      'analysing 1/3',
      'waiting 2/3',
      'capturing 2/3',
      'analysing 2/3',
      'waiting 3/3',
      'capturing 3/3',
      'analysing 3/3',
    ]);
    assert.equal(bench.captures.length, 3);
  });

  it('of a first graph says that there is nothing to compare it with, and the watcher goes on with the series', async () => {
    await bench.tick(20);
    const before = bench.captures.length;
    bench = new Bench();
    await bench.tick(5);
    assert.ok(before > 0);
    const value = scanned(await whileTimePasses(scan(1, scanControl().control)));
    assert.deepEqual([value.graphs, value.findings], [1, []]);
    assert.deepEqual([value.warmingUp, value.endedBy], [false, null]);
    const next = await bench.nextCapture();
    assert.equal(next.trigger, 'trend');
    assert.equal(bench.analyses.at(-1)?.[0], 1);
  });

  it("continues the watcher's own series", async () => {
    growing();
    await bench.nextCapture();
    await bench.nextCapture();
    const value = scanned(await whileTimePasses(scan(1, scanControl().control)));
    assert.equal(value.graphs, 3);
    assert.equal(bench.analyses.at(-1)?.[0], 2);
    assert.equal((await bench.nextCapture()).trigger, 'trend');
    assert.equal(bench.analyses.at(-1)?.[0], 3);
  });

  it('does not end its series while it goes on, however flat: the watcher does so afterwards', async () => {
    await bench.tick(5);
    const value = scanned(await whileTimePasses(scan(5, scanControl().control, 1)));
    assert.equal(value.graphs, 5);
    await bench.nextCapture();
    await bench.tick(60);
    assert.equal(bench.captures.length, 6);
    assert.equal(bench.daemon.status().reasonCode, 'no-growth');
  });

  it('of a program that has only just started leaves no series behind', async () => {
    const value = scanned(await whileTimePasses(scan(1, scanControl().control)));
    assert.equal(value.warmingUp, true);
    await bench.nextCapture();
    assert.equal(bench.analyses.at(-1), null);
  });

  it('shares the graph that is being captured, and waits for a probe', async () => {
    let release = (_outcome: AnalysisOutcome) => {};
    bench.analyse = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await bench.tick(10);
    await eventually('the capture of the watcher', () => bench.analyses.length === 1);
    const shared = scan(1, scanControl().control);
    await bench.tick();
    assert.equal(bench.levelsDumped.length, 1);
    release(bench.analysed([]));
    assert.deepEqual(
      scanned(await shared).captures.map(({ trigger }) => trigger),
      ['trend'],
    );
    assert.equal(bench.captures.length, 1);

    bench = productionBench();
    let probed = (_outcome: DumpOutcome) => {};
    bench.dump = () =>
      new Promise((resolve) => {
        probed = resolve;
      });
    await bench.pass(3);
    assert.deepEqual(bench.levelsDumped, ['probe']);
    const waits = scan(1, scanControl().control);
    await new Promise(setImmediate);
    assert.deepEqual(bench.levelsDumped, ['probe']);
    bench.dump = async () => bench.dumped();
    probed(bench.dumped());
    assert.equal(scanned(await whileTimePasses(waits)).captures[0]?.trigger, 'demand');
    assert.deepEqual(bench.levelsDumped, ['probe', 'sampled']);
  });

  it('is not spaced and costs no budget of CPU', async () => {
    bench = productionBench();
    bench.cpuPredicted = 1e6;
    await bench.tick();
    assert.equal(bench.daemon.scans.refusal(), null);
    assert.equal(scanned(await whileTimePasses(scan(2, scanControl().control))).captures.length, 2);
  });

  it('is followed by a pause that keeps scans to a fifth of one core', async () => {
    assert.equal(bench.daemon.scans.coolDownMs, 30_000);
    bench.analyse = async () => ({ ...bench.analysed([]), cpuSeconds: 20 });
    await whileTimePasses(scan(2, scanControl().control));
    // Two analyses of 20 s and two pauses of 100 ms.
    assert.equal(bench.daemon.scans.coolDownMs, 201_000);
    // One that was cancelled costs what it took until then.
    const { control, cancel } = scanControl();
    bench.analyse = async () => {
      cancel();
      return { outcome: 'cancelled', cause: 'cancelled', cpuSeconds: 30, peakRssBytes: 0 };
    };
    await scan(1, control);
    assert.equal(bench.daemon.scans.coolDownMs, 150_500);
  });

  it('is refused by the limits of pause and memory', async () => {
    bench.pausePredictedMs = 1e6;
    assert.equal(bench.daemon.scans.refusal()?.cause, 'pause-over-budget');
    const result = await scan(1, scanControl().control);
    assert.ok('error' in result);
    assert.equal(result.error.code, 'LEAKWATCH_ERR_REFUSED');
    assert.deepEqual(bench.levelsDumped, []);
    assert.deepEqual(
      bench.captures.map(({ trigger, outcome, cause }) => [trigger, outcome, cause]),
      [['demand', 'skipped', 'pause-over-budget']],
    );
    // The watcher's own captures go on as before.
    bench.pausePredictedMs = 100;
    assert.equal((await bench.nextCapture()).outcome, 'success');
  });

  it('that a limit stops on the way keeps what it has', async () => {
    const { control, steps } = scanControl();
    const dumped = bench.dump;
    bench.dump = async () => {
      bench.pausePredictedMs = 1e6;
      return await dumped();
    };
    const value = scanned(await whileTimePasses(scan(3, control)));
    assert.equal(value.captures.length, 1);
    assert.equal(value.endedBy, 'pause-over-budget');
    assert.ok(!steps.includes('capturing 3/3'));
  });

  it('without a single graph fails with the reason of the last capture', async () => {
    bench.dump = async () => ({ ...COSTS, outcome: 'failure', failure: { cause: 'child-time' } });
    const result = await whileTimePasses(scan(2, scanControl().control));
    assert.ok('error' in result);
    assert.equal(result.error.code, 'LEAKWATCH_ERR_CAPTURE');
    assert.equal(result.error.detail, bench.captures.at(-1)?.reason);
    assert.equal(bench.captures.length, 2);
  });

  it('that is cancelled ends its capture, which is no part of the series', async () => {
    let release = (_outcome: AnalysisOutcome) => {};
    bench.analyse = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const { control, cancel } = scanControl();
    const scanning = scan(3, control);
    await eventually('the analysis', () => bench.analyses.length === 1);
    cancel();
    release(bench.analysed([]));
    await scanning;
    assert.deepEqual(
      bench.captures.map(({ trigger, outcome }) => `${trigger} ${outcome}`),
      ['demand cancelled'],
    );
    bench.analyse = async () => bench.analysed([]);
    await bench.nextCapture();
    assert.equal(bench.analyses.at(-1), null);
  });

  it('that is cancelled while it waits ends at once, and leaves a capture of the watcher alone', async () => {
    const waiting = scanControl();
    const scanning = scan(3, waiting.control);
    await eventually('the wait', () => waiting.steps.includes('waiting 2/3'));
    waiting.cancel();
    await scanning;
    assert.equal(bench.captures.length, 1);

    bench = new Bench();
    let release = (_outcome: AnalysisOutcome) => {};
    bench.analyse = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await bench.tick(10);
    await eventually('the capture of the watcher', () => bench.analyses.length === 1);
    const sharing = scanControl();
    const shared = scan(1, sharing.control);
    sharing.cancel();
    await shared;
    release(bench.analysed([]));
    await eventually('its end', () => bench.captures.length === 1);
    assert.equal(bench.captures[0]?.outcome, 'success');
  });
});

describe('A full GC on demand', () => {
  it('says what it freed and how long it took, and its live heap counts', async () => {
    await bench.tick();
    const outcome = bench.daemon.fullGcs.run();
    assert.ok(outcome.outcome === 'collected');
    assert.deepEqual(
      [outcome.pauseMs, outcome.before.usedBytes, outcome.after.usedBytes, outcome.after.spaces],
      [40, 20 * MB, 10 * MB, { old_space: 10 * MB }],
    );
    assert.deepEqual(bench.daemon.status().live, { bytes: 10 * MB, atMs: outcome.atMs });
  });

  it("is the watcher's own: its sample says so, and is no full GC of the service", async () => {
    await bench.tick();
    const samples: HeapSample[] = [];
    bench.daemon.events.on('sample', (sample) => samples.push(sample));
    const startMs = bench.clock.monotonicMs();
    bench.daemon.fullGcs.run();
    bench.collected([{ ...bench.major(77 * MB), startMs }]);
    assert.equal(samples.at(-1)?.gc?.own, true);
    assert.equal(bench.daemon.status().live?.bytes, 10 * MB);
  });

  it('waits ten seconds after another one, and for a capture', async () => {
    await bench.tick();
    bench.daemon.fullGcs.run();
    bench.clock.advance(4_000);
    const early = bench.daemon.fullGcs.run();
    assert.ok(early.outcome === 'busy');
    assert.equal(early.retryAfterMs, 6_000);
    bench.clock.advance(6_000);
    assert.equal(bench.daemon.fullGcs.run().outcome, 'collected');
    let release = (_outcome: AnalysisOutcome) => {};
    bench.analyse = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await bench.tick(20);
    await eventually('the capture', () => bench.analyses.length === 1);
    assert.equal(bench.daemon.fullGcs.run().outcome, 'busy');
    release(bench.analysed([]));
  });

  it('is refused if it would stop the service for longer than the budget', async () => {
    bench = new Bench({ pauseBudgetMs: 1 });
    await bench.tick();
    const outcome = bench.daemon.fullGcs.run();
    assert.ok(outcome.outcome === 'refused');
    assert.equal(outcome.because, 'pause-over-budget');
    assert.equal(bench.used, 20 * MB);
  });

  it('is refused where V8 offers none', async () => {
    bench.fullGc.run = () => false;
    const outcome = bench.daemon.fullGcs.run();
    assert.equal(outcome.outcome === 'refused' && outcome.because, 'not-offered');
  });
});

describe('A decision about a finding', () => {
  const ID = suspectWith(STEADY).fingerprint;
  const order = { by: 'token-1', reason: 'the team knows' };

  it('is kept with its time, its author and its reason, and shown in the finding', async () => {
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    for (let i = 0; i < 6; i++) await bench.nextCapture();
    const kept = bench.kept.length;
    const decided = { at: new Date(bench.clock.now()).toISOString(), ...order };
    const muted = bench.daemon.desk.decide(ID, { ...order, muted: true });
    assert.deepEqual([muted?.muted, muted?.muting, muted?.acknowledgement], [true, decided, null]);
    assert.equal(bench.daemon.status().state === 'confirmed', false);
    const both = bench.daemon.desk.decide(ID, { ...order, acknowledged: true });
    assert.deepEqual([both?.muting, both?.acknowledgement], [decided, decided]);
    const open = bench.daemon.desk.decide(ID, { ...order, muted: false, acknowledged: false });
    assert.deepEqual([open?.muted, open?.muting, open?.acknowledgement], [false, null, null]);
    assert.equal(bench.daemon.status().state, 'confirmed');
    assert.equal(bench.kept.length, kept + 3);
  });

  it('about an unknown finding changes nothing', () => {
    assert.equal(bench.daemon.desk.decide(ID, { ...order, muted: true }), null);
    assert.equal(bench.daemon.desk.decide('../../etc/passwd', { ...order, muted: true }), null);
    assert.equal(bench.kept.length, 0);
  });

  it('by the option or the program has them as its author', async () => {
    bench = new Bench({ mute: [ID] });
    bench.analyse = async () => bench.analysed([suspectWith(STEADY.slice(0, bench.analyses.length))]);
    for (let i = 0; i < 3; i++) await bench.nextCapture();
    assert.equal(bench.daemon.status().findings[0]?.muting?.by, 'options');
    bench.daemon.desk.mute(ID);
    assert.equal(bench.daemon.status().findings[0]?.muting?.by, 'program');
  });
});
