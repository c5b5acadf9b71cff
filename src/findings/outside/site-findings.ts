import type { AllocationSite, SiteFrame } from '../../heap/sources/code-place.js';
import type { PaceRules } from '../../pace/pace.js';
import { packageOf, shortScript } from '../../runtime/script-name.js';
import type { GrowingSite } from '../../sampling/site-growth.js';
import { NOTHING_KNOWN } from '../described-finding.js';
import { NO_GROWTH } from '../ledger-finding.js';
import { judge } from '../verdict/judge.js';
import { fingerprintOf, type OutsideFinding } from './outside-finding.js';
import { SITE, spanMsOf } from './site-rules.js';

/** Sites that become findings; the rest of a leak's memory is mostly allocated next to the first. */
const MAX_FINDINGS = 3;
/** Sites that are judged. */
const MAX_JUDGED = 16;
/** A site shows where memory is allocated, not what holds it or whether it has a bound. */
const MAX_CONFIDENCE = 0.6;

/**
 * Findings from allocation sites alone, if no capture shows what holds the growing memory: suspected at most. Places are
 * those of the code that runs, since source maps are read in the analysis process only.
 */
export function siteFindings(
  sites: readonly GrowingSite[],
  rules: PaceRules['finding'],
  atMs: number,
): readonly OutsideFinding[] {
  const allGrowthBytes = sites.reduce((sum, { growthBytes }) => sum + Math.max(0, growthBytes), 0);
  return sites
    .slice(0, MAX_JUDGED)
    .map((site) => siteFinding(site, allGrowthBytes, rules, atMs))
    .filter((finding) => finding !== null)
    .slice(0, MAX_FINDINGS);
}

function siteFinding(
  site: GrowingSite,
  allGrowthBytes: number,
  rules: PaceRules['finding'],
  atMs: number,
): OutsideFinding | null {
  const shareOfGrowth = Math.min(1, site.growthBytes / Math.max(1, allGrowthBytes));
  const persistent = shareOfGrowth * (1 - 0.5 ** (site.steps.length - 2));
  const facts = { site, shareOfGrowth, rules };
  const { status, reasons, confidence, dismissed } = judge(SITE, facts, Math.min(MAX_CONFIDENCE, persistent));
  if (dismissed !== null) return null;
  // Readings are timed by the monotonic clock; the latest was taken just now.
  const epochMs = atMs - (site.steps.at(-1)?.atMs ?? 0);
  return {
    ...NOTHING_KNOWN,
    // Left out: line numbers, which move with every change, and the folder of the program.
    id: fingerprintOf('site', site.function, shortScript(site.url)),
    kind: 'heap',
    className: 'AllocationSite',
    status,
    headline: { says: 'grows', subject: { of: 'site' } },
    reasons,
    confidence,
    growth: {
      ...NO_GROWTH,
      bytesPerSecond: (site.growthBytes / spanMsOf(site)) * 1000,
      shareOfGrowth,
      bytesScaled: true,
      steps: site.steps.map(({ atMs: ms, bytes }) => ({
        at: new Date(epochMs + ms).toISOString(),
        count: 0,
        bytes,
      })),
    },
    allocationSites: [allocationSite(site)],
    atMs,
  };
}

function allocationSite(site: GrowingSite): AllocationSite {
  const { liveBytes, growthBytes } = site;
  return { ...frame(site), liveBytes, growthBytes, callers: site.callers.map(frame) };
}

function frame({ function: name, url, line, column }: Omit<SiteFrame, 'package'>): SiteFrame {
  return { function: name, url, line, column, package: packageOf(url)?.name ?? null };
}
