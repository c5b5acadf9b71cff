import type { Finding } from '../../src/findings/finding.js';
import { buildReport, type Report, type ReportInput } from '../../src/report/report.js';

const START_MS = Date.UTC(2026, 0, 5, 2, 0, 0);
const at = (sinceStartMs: number) => new Date(START_MS + sinceStartMs).toISOString();

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    id: 'lw-0123456789abcdef',
    status: 'confirmed',
    kind: 'heap',
    title: 'OrderHistory.byCustomer gains 1,740 entries a minute (12,310 now, 14.2 MB)',
    reasons: [
      'grew at every one of 6 captures over 84 s',
      'no bound found on its owner',
      "93 % of the heap's growth",
    ],
    evidence: [],
    muted: false,
    muting: null,
    acknowledgement: null,
    confidence: 0.97,
    firstSeen: at(10_000),
    lastSeen: at(94_000),
    confirmedAt: at(94_000),
    className: 'Order',
    retainerPath: [
      { edge: '', edgeType: 'root', node: 'globalThis', nodeType: 'object' },
      { edge: 'app', edgeType: 'property', node: 'app', nodeType: 'closure' },
      { edge: 'locals', edgeType: 'property', node: 'Object', nodeType: 'object' },
      { edge: 'history', edgeType: 'property', node: 'OrderHistory', nodeType: 'object' },
      { edge: 'byCustomer', edgeType: 'property', node: 'Map', nodeType: 'collection' },
      { edge: 'entries', edgeType: 'entry', node: 'Order', nodeType: 'object' },
    ],
    growth: {
      bytesPerSecond: 1_900_000 / 60,
      objectsPerSecond: 29,
      bytesPerRequest: 1_100,
      shareOfGrowth: 0.93,
      bytesScaled: false,
      steps: [
        { at: at(10_000), count: 9_800, bytes: 11_300_000 },
        { at: at(94_000), count: 12_310, bytes: 14_200_000 },
      ],
    },
    allocationSites: [],
    fields: ['items[]', 'customer', 'createdAt'],
    mechanism: null,
    package: null,
    locations: [],
    yours: null,
    alsoHeldBy: [],
    bound: null,
    expiry: null,
    secondsToLimit: null,
    ...changes,
  };
}

export function reportInput(changes: Partial<ReportInput> = {}): ReportInput {
  return {
    process: { pid: 4711, nodeVersion: 'v20.20.2', startedAt: at(-1000), threadId: 0 },
    watcher: {
      state: 'watching',
      reason: '',
      reasonCode: '',
      detail: '',
      since: at(0),
      gcSource: 'built-in',
      dumper: 'fork',
      pace: 'fast',
      captures: Array.from({ length: 6 }, (_, index) => ({
        id: `c${index}`,
        at: at(10_000 * (index + 1)),
        dumper: 'fork',
        rung: 'sampled',
        trigger: 'trend',
        outcome: 'success',
        reason: null,
        cause: null,
        pauseMs: 9 + index,
        durationMs: 400,
        analysisMs: 150,
        cpuSeconds: 0.4,
        peakBytes: 0,
        nodes: 412_345,
        retries: 0,
        writer: 'v8',
        roots: null,
        writerReason: null,
      })),
      cost: { cpuSeconds: 1.2 },
    },
    heap: {
      at: at(720_000),
      liveBytes: 64_000_000,
      limitBytes: 512_000_000,
      rssBytes: 120_000_000,
      externalBytes: 2_000_000,
      trend: { bytesPerSecond: 32_000, low: 30_000, high: 35_000, windowMs: 600_000 },
      secondsToLimit: 11_520,
      secondsToLimitRange: { low: 10_200, high: 13_200 },
    },
    findings: [finding()],
    ...changes,
  };
}

/** A report of a process that leaks as the finding says. */
export function report(findings: readonly Finding[] = [finding()]): Report {
  return buildReport(reportInput({ findings }));
}

/** One name per way in which text can act on whoever prints it. */
export const HOSTILE_NAMES = {
  ansi: '\x1b[2J\x1b[31mRed\x1b[0m',
  c1: '\x9b31mCsi',
  lines: 'One\r\nSet-Cookie: two=2\u2028three',
  bidi: 'user\u202etxt.exe\u2066',
  script: '<script>alert(1)</script>',
  surrogate: 'half \ud800 pair',
  bell: '\x07\x00\x7f',
} as const;

/** Whatever a terminal or a log reader acts on; a line feed belongs to the layout. */
export const ACTIVE_CHARACTERS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

export const LONE_SURROGATE = /\p{Cs}/u;
