import { createHash } from 'node:crypto';
import type { AllocationSite, SiteFrame } from '../../heap/sources/code-place.js';
import type { PaceRules } from '../../pace/pace.js';
import { packageOf, shortScript } from '../../runtime/script-name.js';
import type { GrowingSite } from '../../sampling/site-growth.js';
import { NOTHING_KNOWN } from '../described-finding.js';
import { NO_GROWTH } from '../ledger-finding.js';
import type { OutsideFinding } from './outside-finding.js';
import { judgeSite, spanMsOf } from './site-verdict.js';

/** Sites that become findings; the rest of a leak's memory is mostly allocated next to the first. */
const MAX_FINDINGS = 3;
/** Sites that are judged. */
const MAX_JUDGED = 16;

/**
 * Findings from allocation sites alone, if no capture shows who holds the memory that grows: suspected at most. Places are
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
  const { status, reasons, confidence } = judgeSite({ site, shareOfGrowth, rules });
  if (status === 'healthy' || status === 'early') return null;
  // Readings are timed by the monotonic clock; the latest was taken just now.
  const epochMs = atMs - (site.steps.at(-1)?.atMs ?? 0);
  return {
    ...NOTHING_KNOWN,
    id: fingerprintOf(site),
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

/** Not in it: lines, which move with every change, and where the program is installed. */
function fingerprintOf({ function: name, url }: GrowingSite): OutsideFinding['id'] {
  const hash = createHash('sha256')
    .update(`site\n${name}\n${shortScript(url)}`)
    .digest('hex');
  return `lw-${hash.slice(0, 16)}`;
}
