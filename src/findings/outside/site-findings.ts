import { createHash } from 'node:crypto';
import type { AllocationSite, SiteFrame } from '../../heap/sources/code-place.js';
import type { PaceRules } from '../../pace/pace.js';
import { packageOf, shortScript } from '../../runtime/script-name.js';
import { formatBytes } from '../../runtime/units.js';
import type { GrowingSite } from '../../sampling/site-growth.js';
import type { OutsideFinding } from './outside-finding.js';
import { siteGrowthVerdict } from './site-verdict.js';

/** Sites that become findings; the rest of a leak's memory is mostly allocated beside the first. */
const MAX_FINDINGS = 3;
/** Sites of which it is asked whether they grow. */
const MAX_JUDGED = 16;

/**
 * Findings from allocation sites alone, for where no capture tells who holds what grows: suspected at most. Places are
 * those of the code that runs, since source maps are read in the analysis process only.
 */
export function siteFindings(
  sites: readonly GrowingSite[],
  rules: PaceRules['finding'],
  atMs: number,
): readonly OutsideFinding[] {
  const allGrowthBytes = sites.reduce((sum, { growthBytes }) => sum + Math.max(0, growthBytes), 0);
  const found: OutsideFinding[] = [];
  for (const site of sites.slice(0, MAX_JUDGED)) {
    const verdict = siteGrowthVerdict(site, allGrowthBytes, rules);
    if (verdict.status === 'healthy' || found.length === MAX_FINDINGS) continue;
    const where = `${site.function === '' ? 'a function' : site.function} at ${shortScript(site.url)}:${site.line}`;
    // Readings are timed by the monotonic clock; the latest was taken just now.
    const epochMs = atMs - (site.steps.at(-1)?.atMs ?? 0);
    found.push({
      id: fingerprintOf(site),
      kind: 'heap',
      type: 'AllocationSite',
      status: verdict.status,
      title: `Memory allocated by ${where} stays alive, ${formatBytes(verdict.bytesPerSecond * 60)} more each minute`,
      settledTitle: `Memory allocated by ${where} no longer grows`,
      reasons: verdict.reasons,
      evidence: verdict.reasons.map((_, index) => ({
        rule: 'allocation-sites',
        speaksFor: index < verdict.reasons.length - 1,
        numbers: { growthBytes: site.growthBytes, shareOfGrowth: verdict.shareOfGrowth },
        untilWhat: index < verdict.reasons.length - 1 ? null : 'a capture that says who holds it',
      })),
      confidence: verdict.confidence,
      mechanism: null,
      growth: {
        bytesPerSecond: verdict.bytesPerSecond,
        objectsPerSecond: 0,
        bytesPerRequest: null,
        shareOfGrowth: verdict.shareOfGrowth,
        bytesScaled: true,
        steps: site.steps.map(({ atMs: ms, bytes }) => ({
          at: new Date(epochMs + ms).toISOString(),
          count: 0,
          bytes,
        })),
      },
      allocationSites: [allocationSite(site)],
      secondsToLimit: null,
      atMs,
    });
  }
  return found;
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
