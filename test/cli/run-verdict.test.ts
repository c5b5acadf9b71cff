import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CaptureOutcome } from '../../src/capture/capture-record.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { summaryText } from '../../src/cli/run-text.js';
import { judgeRun, type RunVerdict, worstFirst } from '../../src/cli/run-verdict.js';
import type { Finding } from '../../src/findings/finding.js';
import type { Report, ReportCapture } from '../../src/report/report.js';

const START_MS = Date.parse('2026-01-01T10:00:00Z');
const at = (seconds: number) => new Date(START_MS + seconds * 1000).toISOString();

interface Drawn {
  readonly pid?: number;
  readonly watchedSeconds?: number;
  readonly liveBytes?: number;
  /** Whether the trend rises beyond doubt. */
  readonly rises?: boolean;
  readonly state?: Report['watcher']['state'];
  /** Outcomes of captures, newest last. */
  readonly captures?: readonly CaptureOutcome[];
  readonly findings?: readonly Finding[];
}

function drawReport(drawn: Drawn = {}): Report {
  const { pid = 1, watchedSeconds = 100, liveBytes = 20e6, rises = false, state = 'watching' } = drawn;
  return {
    schemaVersion: 1,
    process: { pid, nodeVersion: 'v20.19.0', startedAt: at(0), threadId: 0 },
    watcher: {
      state,
      reason: 'drawn',
      reasonCode: 'drawn',
      detail: 'drawn',
      since: at(0),
      gcSource: 'built-in',
      dumper: 'fork',
      pace: 'fast',
      captures: (drawn.captures ?? []).map(drawCapture),
      cost: { cpuSeconds: 0 },
    },
    heap: {
      at: at(watchedSeconds),
      liveBytes,
      limitBytes: 4e9,
      rssBytes: 80e6,
      externalBytes: 0,
      trend: {
        bytesPerSecond: rises ? 1000 : 0,
        low: rises ? 900 : -10,
        high: rises ? 1100 : 10,
        windowMs: 30_000,
      },
      secondsToLimit: null,
      secondsToLimitRange: null,
    },
    findings: drawn.findings ?? [],
  };
}

function drawCapture(outcome: CaptureOutcome, index: number): ReportCapture {
  return {
    id: `c${index}`,
    at: at(index),
    dumper: 'fork',
    rung: 'full',
    trigger: 'trend',
    outcome,
    reason: outcome === 'success' ? null : 'there is no memory for it',
    cause: outcome === 'success' ? null : 'no-memory-headroom',
    pauseMs: 10,
    durationMs: 100,
    analysisMs: 50,
    cpuSeconds: 0.1,
    peakBytes: 0,
    nodes: 1,
    retries: 0,
    writer: 'v8',
    roots: null,
    writerReason: null,
  };
}

function drawFinding(status: Finding['status'], more: Partial<Finding> = {}): Finding {
  return {
    id: 'lw-0000000000000001',
    status,
    kind: 'heap',
    title: 'Shop.orders gains 100 entries a minute',
    reasons: [],
    evidence: [],
    muted: false,
    muting: null,
    acknowledgement: null,
    confidence: 0.9,
    firstSeen: at(30),
    lastSeen: at(90),
    confirmedAt: status === 'confirmed' ? at(80) : null,
    className: 'Order',
    retainerPath: [],
    growth: {
      bytesPerSecond: 1000,
      objectsPerSecond: 2,
      bytesPerRequest: null,
      shareOfGrowth: 1,
      bytesScaled: false,
      steps: [],
    },
    allocationSites: [],
    fields: [],
    mechanism: null,
    package: null,
    locations: [],
    yours: null,
    alsoHeldBy: [],
    bound: null,
    expiry: null,
    secondsToLimit: null,
    ...more,
  };
}

const judge = (
  reports: readonly Report[],
  failOn: 'confirmed' | 'suspected' | 'never' = 'confirmed',
  programFailed = false,
) => judgeRun(reports, failOn, programFailed);

function lastLineOf(reports: readonly Report[], verdict: RunVerdict): string {
  const end = { code: 0, signal: null, askedToEnd: true, ranForSeconds: 100 };
  return summaryText({ reports, killed: [] }, verdict, end, 'node app.js').trimEnd().split('\n').at(-1)!;
}

describe('The exit code of a run', () => {
  for (const [status, failOn, code] of [
    ['confirmed', 'confirmed', EXIT_CODES.growth],
    ['confirmed', 'suspected', EXIT_CODES.growth],
    ['confirmed', 'never', EXIT_CODES.clean],
    ['suspected', 'confirmed', EXIT_CODES.clean],
    ['suspected', 'suspected', EXIT_CODES.growth],
    ['suspected', 'never', EXIT_CODES.clean],
    ['plateaued', 'suspected', EXIT_CODES.clean],
    ['resolved', 'suspected', EXIT_CODES.clean],
  ] as const) {
    it(`is ${code} for a finding that is ${status} with --fail-on ${failOn}`, () => {
      assert.equal(judge([drawReport({ findings: [drawFinding(status)] })], failOn).exitCode, code);
    });
  }

  it('does not count what is muted', () => {
    const findings = [drawFinding('confirmed', { muted: true })];
    assert.equal(judge([drawReport({ findings })], 'suspected').outcome, 'clean');
  });

  it('counts a leak that was confirmed and stopped growing with the load, and says that it stopped', () => {
    const reports = [drawReport({ findings: [drawFinding('resolved', { confirmedAt: at(60) })] })];
    const verdict = judge(reports);
    assert.equal(verdict.exitCode, EXIT_CODES.growth);
    assert.equal(lastLineOf(reports, verdict), '1 leak confirmed; it has stopped growing since.');
  });

  it('does not count what an earlier run left in the state directory', () => {
    const before = { firstSeen: at(-900), confirmedAt: at(-600) };
    const settled = drawFinding('resolved', { ...before, lastSeen: at(50) });
    const unseen = drawFinding('confirmed', { ...before, lastSeen: at(-500), id: 'lw-0000000000000002' });
    assert.equal(judge([drawReport({ findings: [settled, unseen] })], 'suspected').outcome, 'clean');
  });

  it('is that of the worst process', () => {
    const reports = [drawReport(), drawReport({ pid: 2, findings: [drawFinding('confirmed')] })];
    assert.equal(judge(reports).exitCode, EXIT_CODES.growth);
  });

  it('is 1 for a leak in a program that failed: the leak may be why', () => {
    const leaking = drawReport({ findings: [drawFinding('confirmed')] });
    assert.equal(judge([leaking], 'confirmed', true).exitCode, EXIT_CODES.growth);
    assert.equal(judge([drawReport()], 'confirmed', true).exitCode, EXIT_CODES.failed);
    const suspect = drawReport({ findings: [drawFinding('suspected')] });
    assert.equal(judge([suspect], 'confirmed', true).exitCode, EXIT_CODES.failed);
  });

  it('is 2 where every watcher failed, and not where one watched', () => {
    const failed = drawReport({ state: 'failed' });
    assert.equal(judge([failed]).exitCode, EXIT_CODES.failed);
    assert.equal(judge([failed, drawReport({ pid: 2 })]).exitCode, EXIT_CODES.clean);
  });

  it('is 2 where the heap rose and too little of it could be captured to say why', () => {
    const blind = drawReport({ rises: true, captures: ['success', 'skipped'] });
    const verdict = judge([blind]);
    assert.equal(verdict.exitCode, EXIT_CODES.failed);
    assert.equal(
      lastLineOf([blind], verdict),
      'Inconclusive: the heap rises, but too few captures of it succeeded (there is no memory for it).',
    );
    assert.equal(judge([drawReport({ rises: true })]).exitCode, EXIT_CODES.failed);
    assert.equal(
      judge([drawReport({ rises: true, captures: ['skipped', 'success'] })]).exitCode,
      EXIT_CODES.clean,
    );
  });
});

describe('The last line of a run', () => {
  const line = (reports: readonly Report[]) => lastLineOf(reports, judge(reports));

  it('says that there is no leak only when the run was long enough to confirm one', () => {
    assert.equal(line([drawReport({ watchedSeconds: 100 })]), 'No leak.');
    assert.equal(
      line([drawReport({ watchedSeconds: 20 })]),
      "No leak found in 20 s, which is too short: confirming one takes about 75 s at the pace 'fast'.",
    );
  });

  it('does not say so of a heap that rises', () => {
    assert.equal(
      line([drawReport({ rises: true, captures: ['success'] })]),
      'No leak found, but the heap rises and the cause is unknown; a longer run would show it.',
    );
  });

  it('counts a bug once, in however many processes it is', () => {
    const other = drawFinding('suspected', { id: 'lw-0000000000000002' });
    const reports = [1, 2].map((pid) => drawReport({ pid, findings: [drawFinding('confirmed'), other] }));
    assert.equal(line(reports), '1 leak suspected; a longer run would confirm or clear this.');
    assert.equal(
      judge(reports).outcome === 'leak' && summaryOf(reports).includes('\n1 leak confirmed.\n'),
      true,
    );
  });

  const summaryOf = (reports: readonly Report[]) =>
    summaryText(
      { reports, killed: [] },
      judge(reports),
      { code: 0, signal: null, askedToEnd: true, ranForSeconds: 100 },
      'node app.js',
    );
});

describe('Of several processes the first is', () => {
  const order = (...drawn: readonly Drawn[]) =>
    worstFirst(drawn.map(drawReport)).map((report) => report.process.pid);

  it('the one with the worst leak', () => {
    const suspected = [drawFinding('suspected')];
    assert.deepEqual(
      order(
        { pid: 1, liveBytes: 9e9 },
        { pid: 2, findings: suspected },
        { pid: 3, findings: [...suspected, drawFinding('confirmed', { id: 'lw-0000000000000002' })] },
      ),
      [3, 2, 1],
    );
  });

  it('without leaks the biggest of those that ran for most of the time', () => {
    assert.deepEqual(
      order(
        { pid: 1, watchedSeconds: 10, liveBytes: 500e6 },
        { pid: 2, watchedSeconds: 100, liveBytes: 10e6 },
        { pid: 3, watchedSeconds: 90, liveBytes: 90e6 },
      ),
      [3, 2, 1],
    );
  });
});
