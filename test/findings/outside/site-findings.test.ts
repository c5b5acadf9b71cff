import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { siteFindings } from '../../../src/findings/outside/site-findings.js';
import { SITE } from '../../../src/findings/outside/site-rules.js';
import { judge } from '../../../src/findings/verdict/judge.js';
import { PACE_RULES } from '../../../src/pace/pace.js';
import type { GrowingSite } from '../../../src/sampling/site-growth.js';

const MB = 2 ** 20;
const NOW = Date.parse('2026-01-01T00:10:00Z');
const RULES = { ...PACE_RULES.fast.finding, confirmObservations: 5, confirmMs: 60_000, minGrowthBytes: MB };

function observed(...megabytes: number[]): GrowingSite {
  const steps = megabytes.map((mb, at) => ({ atMs: at * 20_000, bytes: mb * MB }));
  const growthBytes = (steps.at(-1)?.bytes ?? 0) - (steps[0]?.bytes ?? 0);
  const place = { function: 'recordOrder', url: 'file:///app/a.ts', line: 3, column: 1 };
  return { ...place, liveBytes: 6 * MB, growthBytes, callers: [], steps };
}

const judged = (site: GrowingSite, allGrowthBytes = site.growthBytes) =>
  judge(SITE, { site, shareOfGrowth: site.growthBytes / allGrowthBytes, rules: RULES }, 1);
const why = (site: GrowingSite, allGrowthBytes?: number) => {
  const { status, dismissed } = judged(site, allGrowthBytes);
  return [status, dismissed];
};

describe('An allocation site alone', () => {
  it('is suspected, and no more, when it rose for long enough', () => {
    const { status, reasons } = judged(observed(1, 2, 3, 4, 5, 6));
    assert.equal(status, 'suspected');
    const [finding] = siteFindings([observed(1, 2, 3, 4, 5, 6)], PACE_RULES.fast.finding, NOW);
    assert.ok(finding!.confidence <= 0.6);
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
    const [finding] = siteFindings([observed(1, 2, 3, 4, 5, 6)], PACE_RULES.fast.finding, NOW);
    assert.ok(Math.abs((finding?.growth.bytesPerSecond ?? 0) - MB / 20) < 1);
    assert.deepEqual(
      finding?.growth.steps.map(({ at }) => at),
      [20, 40, 60, 80, 100, 120].map((s) => new Date(NOW - 120_000 + s * 1000).toISOString()),
    );
  });
});
