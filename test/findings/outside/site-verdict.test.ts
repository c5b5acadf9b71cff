import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { siteFindings } from '../../../src/findings/outside/site-findings.js';
import { judgeSite, type ObservedSite } from '../../../src/findings/outside/site-verdict.js';
import { PACE_RULES } from '../../../src/pace/pace.js';

const MB = 2 ** 20;
const RULES = { confirmObservations: 5, confirmMs: 60_000, minGrowthBytes: MB, minShare: 0.1 };

function observed(...megabytes: number[]): ObservedSite {
  const steps = megabytes.map((mb, at) => ({ atMs: at * 20_000, bytes: mb * MB }));
  const growthBytes = (steps.at(-1)?.bytes ?? 0) - (steps[0]?.bytes ?? 0);
  return { function: 'recordOrder', url: 'file:///app/a.ts', line: 3, growthBytes, steps };
}

const judged = (site: ObservedSite, allGrowthBytes = site.growthBytes) =>
  judgeSite({ site, shareOfGrowth: site.growthBytes / allGrowthBytes, rules: RULES });
const why = (site: ObservedSite, allGrowthBytes?: number) => {
  const { status, dismissed } = judged(site, allGrowthBytes);
  return [status, dismissed];
};

describe('An allocation site alone', () => {
  it('is suspected, and no more, when it rose for long enough', () => {
    const { status, confidence, reasons } = judged(observed(1, 2, 3, 4, 5, 6));
    assert.equal(status, 'suspected');
    assert.ok(confidence <= 0.6);
    assert.deepEqual(
      reasons.map(({ says, speaksFor }) => [says, speaksFor]),
      [
        ['rose', true],
        ['share', true],
        ['no-capture', false],
      ],
    );
  });

  it('is no finding yet while it was read too seldom or too briefly', () => {
    assert.deepEqual(why(observed(1, 2, 3, 4)), ['early', 'too-few-observations']);
    const brief = observed(1, 2, 3, 4, 5, 6);
    const steps = brief.steps.map(({ bytes }, at) => ({ atMs: at * 1000, bytes }));
    assert.deepEqual(why({ ...brief, steps }), ['early', 'too-brief']);
  });

  it('is no finding when it goes up and down, levels off, or is a small part of what grows', () => {
    assert.deepEqual(why(observed(1, 5, 2, 6, 3, 7)), ['healthy', 'uneven']);
    assert.deepEqual(why(observed(0, 10, 20, 22, 23, 23.5)), ['early', 'levelling-off']);
    assert.deepEqual(why(observed(1, 2, 3, 4, 5, 6), 100 * MB), ['healthy', 'small-share']);
    assert.deepEqual(why(observed(0, 0.1, 0.2, 0.3, 0.4, 0.5)), ['healthy', 'small-amount']);
  });

  it('gives the times of its readings by the calendar, the latest being now', () => {
    const site = { ...observed(1, 2, 3, 4, 5, 6), column: 1, liveBytes: 6 * MB, callers: [] };
    const now = Date.parse('2026-01-01T00:10:00Z');
    const [finding] = siteFindings([site], PACE_RULES.fast.finding, now);
    assert.ok(Math.abs((finding?.growth.bytesPerSecond ?? 0) - MB / 20) < 1);
    assert.deepEqual(
      finding?.growth.steps.map(({ at }) => at),
      [20, 40, 60, 80, 100, 120].map((s) => new Date(now - 120_000 + s * 1000).toISOString()),
    );
  });
});
