import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { AnalysisOptions, AnalysisOutcome } from '../../src/analysis/analysis-outcome.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import type { CaptureOrder, DumpOutcome, HeapDumper } from '../../src/capture/heap-dumper.js';
import { type CaptureRunOptions, runCapture } from '../../src/daemon/capture-run.js';
import { ManualClock } from '../support/manual-clock.js';

const COSTS = {
  pauseMs: 12,
  peakBytes: 100,
  cpuSeconds: 2,
  retries: 3,
  graph: { writer: 'v8', refusal: null },
} as const;
const SUCCESS: DumpOutcome = { ...COSTS, outcome: 'success', liveBytes: 5000, census: null };
const ANALYSED: AnalysisOutcome = {
  outcome: 'success',
  nodes: 1000,
  edges: 3000,
  heapBytes: 4000,
  snapshots: 1,
  suspects: [],
  classes: [],
  series: new Uint8Array(1),
  elapsedMs: 40,
  cpuSeconds: 0.5,
  peakRssBytes: 70,
};
const KILLED: AnalysisOutcome = {
  outcome: 'cancelled',
  cause: 'cancelled',
  cpuSeconds: 0.1,
  peakRssBytes: 9,
};

/** What a dump of the test does before it ends as it says. */
type Dump = (order: CaptureOrder, analyses: readonly AnalysisOptions[]) => DumpOutcome | Promise<DumpOutcome>;

/** Runs a capture whose dump and analysis belong to the test; `analysed` ends as it says unless it is killed before. */
async function run(
  dump: Dump,
  analysed: AnalysisOutcome = ANALYSED,
  changes: Partial<CaptureRunOptions> = {},
) {
  const started: AnalysisOptions[] = [];
  const dumped: number[] = [];
  let killed = 0;
  const dumper: HeapDumper = {
    name: 'fork',
    levels: ['probe', 'census', 'sampled', 'full'],
    predict: () => assert.fail('nobody asks'),
    dump: async (order) => await dump(order, started),
  };
  const run = await runCapture({
    dumper,
    startAnalysis: (options) => {
      started.push(options);
      let end = (_outcome: AnalysisOutcome): void => {};
      const result = new Promise<AnalysisOutcome>((resolve) => {
        end = resolve;
      });
      // Whoever kills it does so before it has ended.
      setImmediate(() => end(analysed));
      const kill = () => {
        killed += 1;
        end(analysed.outcome === 'success' ? KILLED : analysed);
      };
      return { sink: new Writable({ write: (_chunk, _encoding, done) => done() }), result, kill };
    },
    clock: new ManualClock(),
    level: 'sampled',
    trigger: 'trend',
    heapBytes: 4000,
    concurrentBytes: 50,
    niceness: 19,
    previous: null,
    timeoutMs: 1000,
    signal: new AbortController().signal,
    paused: () => {},
    dumped: ({ liveBytes }) => void dumped.push(liveBytes),
    ...changes,
  });
  return { ...run, started, dumped, killed };
}

const writes =
  (outcome: DumpOutcome): Dump =>
  ({ receiver }) => {
    receiver.pipe(99);
    return outcome;
  };

function failure(why: DumpFailure): DumpOutcome {
  return { ...COSTS, outcome: 'failure', failure: why };
}

describe('A capture', () => {
  it('hands the allocation sites of the moment to the analysis, and asks for them only then', async () => {
    const site = {
      function: 'f',
      url: 'a.js',
      line: 1,
      column: 1,
      liveBytes: 2,
      growthBytes: 1,
      callers: [],
    };
    let asked = 0;
    const sites = () => {
      asked += 1;
      return [site];
    };
    const { started } = await run(writes(SUCCESS), ANALYSED, { sites });
    assert.deepEqual([started[0]?.sites, asked], [[site], 1]);
    await run(() => failure({ cause: 'error', code: 'EAGAIN', message: 'fork' }), ANALYSED, { sites });
    assert.equal(asked, 1);
  });

  it('is told with the cost of dumper and analysis together', async () => {
    const { record, result, analysisBytes, analysisCpuSeconds } = await run(writes(SUCCESS));
    const { id, atMs, ...rest } = record;
    assert.match(id, /^capture-[0-9a-f]{12}$/);
    assert.equal(atMs, new ManualClock().now());
    assert.deepEqual(rest, {
      dumper: 'fork',
      rung: 'sampled',
      trigger: 'trend',
      outcome: 'success',
      reason: null,
      cause: null,
      pauseMs: 12,
      durationMs: 0,
      analysisMs: 40,
      cpuSeconds: 2.5,
      peakBytes: 170,
      nodes: 1000,
      retries: 3,
      writer: 'v8',
      roots: null,
      writerReason: null,
    });
    assert.equal(result?.nodes, 1000);
    assert.deepEqual([analysisBytes, analysisCpuSeconds], [70, 0.5]);
  });

  it('starts its analysis with the first byte, and takes what the previous one remembered along', async () => {
    const previous = Uint8Array.of(1, 2);
    let before = -1;
    const { started } = await run(
      async ({ receiver }, analyses) => {
        await new Promise(setImmediate);
        before = analyses.length;
        receiver.pipe(99);
        return SUCCESS;
      },
      ANALYSED,
      { previous },
    );
    assert.equal(before, 0);
    assert.deepEqual(
      started.map(({ snapshotFd, previous: memory }) => [snapshotFd, memory]),
      [[99, previous]],
    );
  });

  it('without a graph needs no analysis', async () => {
    const census = [{ className: 'Order', count: 1, bytes: 2 }];
    const probe = await run(() => SUCCESS, ANALYSED, { level: 'probe' });
    assert.deepEqual(
      [probe.record.outcome, probe.record.analysisMs, probe.started.length],
      ['success', 0, 0],
    );
    const counted = await run(() => ({ ...SUCCESS, census }) as DumpOutcome, ANALYSED, { level: 'census' });
    assert.deepEqual([counted.record.outcome, counted.census, counted.result], ['success', census, null]);
  });

  it('fails where a child says that it is done and has written nothing', async () => {
    const { record, result } = await run(() => SUCCESS);
    assert.deepEqual([record.outcome, record.cause, result], ['dump-failed', 'no-snapshot', null]);
  });

  it('tells of the live heap as soon as it is known, and only then', async () => {
    assert.deepEqual((await run(writes(SUCCESS))).dumped, [5000]);
    assert.deepEqual((await run(writes(failure({ cause: 'child-time' })))).dumped, []);
  });

  it('ends its analysis when the dump has failed', async () => {
    const { record, killed, analysisCpuSeconds } = await run(
      writes(failure({ cause: 'child-threw', message: 'x' })),
    );
    assert.deepEqual([record.outcome, record.cause, killed], ['dump-failed', 'child-threw', 1]);
    assert.deepEqual([record.cpuSeconds, analysisCpuSeconds], [2.1, 0.1]);
  });

  it('puts the blame on the analysis where the dump only lost its reader', async () => {
    const short: AnalysisOutcome = {
      outcome: 'failure',
      step: 'parsing',
      cause: { kind: 'format', message: 'it ends at byte 900' },
      elapsedMs: 5,
      cpuSeconds: 1,
      peakRssBytes: 1,
    };
    const lost = failure({ cause: 'reader-gone' });
    assert.deepEqual(
      [(await run(writes(lost), short)).record, (await run(writes(SUCCESS), short)).record].map(
        ({ outcome, cause }) => [outcome, cause],
      ),
      Array(2).fill(['analysis-failed', 'step-failed']),
    );
    const crashed = { ...KILLED, outcome: 'crashed', cause: 'unreadable' } as const;
    assert.equal((await run(writes(lost), crashed)).record.cause, 'unreadable');
    const own = (await run(writes(failure({ cause: 'child-time' })), short)).record;
    assert.deepEqual([own.outcome, own.cause], ['dump-failed', 'child-time']);
  });

  it('is late when its analysis is, whatever became of the dump', async () => {
    const late: AnalysisOutcome = {
      ...KILLED,
      outcome: 'timeout',
      cause: 'timeout',
      timeoutMs: 60_000,
    };
    for (const dump of [SUCCESS, failure({ cause: 'reader-gone' })]) {
      const { record } = await run(writes(dump), late);
      assert.deepEqual([record.outcome, record.cause], ['analysis-timeout', 'timeout']);
    }
  });

  it('is cancelled when the watcher was stopped, however it ended', async () => {
    for (const [dump, analysed] of [
      [SUCCESS, ANALYSED],
      [failure({ cause: 'stopped' }), KILLED],
    ] as const) {
      const abort = new AbortController();
      const { record, result } = await run(
        (order) => {
          abort.abort();
          return writes(dump)(order, []);
        },
        analysed,
        { signal: abort.signal },
      );
      assert.deepEqual([record.outcome, record.cause, result], ['cancelled', 'stopped', null]);
    }
  });

  it('tells no reason longer than a crashed process may make it, and nothing that a terminal acts on', async () => {
    const { reason } = (
      await run(() => failure({ cause: 'child-threw', message: `\u001b[31m${'x'.repeat(10_000)}` }))
    ).record;
    assert.ok(reason !== null && reason.length <= 500 && !reason.includes('\u001b'));
  });
});
