import type { PaceRules } from '../../pace/pace.js';
import { formatBytes, formatDuration, formatShare } from '../../runtime/units.js';

/** An allocation site with its live bytes at the first and at the latest readings of a sampling profiler, oldest first. */
export interface ObservedSite {
  readonly function: string;
  readonly url: string;
  /** From 1. */
  readonly line: number;
  readonly growthBytes: number;
  readonly steps: readonly { readonly atMs: number; readonly bytes: number }[];
}

export type SiteVerdict =
  | { readonly status: 'healthy'; readonly reason: string }
  | {
      /** Never more: a site says where memory comes from, not who holds it, nor whether it has a bound. */
      readonly status: 'suspected';
      readonly reasons: readonly string[];
      /** 0 to 1. */
      readonly confidence: number;
      readonly bytesPerSecond: number;
      /** Part of the growth of all sites. */
      readonly shareOfGrowth: number;
    };

/** Estimates of few samples move by themselves: one reading in so many may stand still. */
const TOLERATED = 8;
const MAX_CONFIDENCE = 0.6;

/**
 * What the growth of one site alone amounts to, where no capture is to be had: suspected if it rose from reading to
 * reading, for long enough, and is a material part of all growth. `allGrowthBytes`: of all sites.
 */
export function siteGrowthVerdict(
  site: ObservedSite,
  allGrowthBytes: number,
  rules: Pick<PaceRules['finding'], 'confirmObservations' | 'confirmMs' | 'minGrowthBytes' | 'minShare'>,
): SiteVerdict {
  const { steps, growthBytes } = site;
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined || steps.length < rules.confirmObservations)
    return healthy(`${steps.length} readings, and ${rules.confirmObservations} are needed`);
  const spanMs = last.atMs - first.atMs;
  if (spanMs < rules.confirmMs)
    return healthy(
      `watched for ${formatDuration(spanMs / 1000)}, and ${formatDuration(rules.confirmMs / 1000)} are needed`,
    );
  if (growthBytes < rules.minGrowthBytes)
    return healthy(`it gained ${formatBytes(growthBytes)}, which is not material`);
  const shareOfGrowth = Math.min(1, growthBytes / Math.max(1, allGrowthBytes));
  if (shareOfGrowth < rules.minShare)
    return healthy(`it is ${formatShare(shareOfGrowth)} of what grows, which is not material`);
  const stood = steps.filter((step, at) => at > 0 && step.bytes <= steps[at - 1]!.bytes).length;
  if (stood > Math.floor(steps.length / TOLERATED)) return healthy(`it did not rise at ${stood} readings`);
  if (isLevellingOff(steps)) return healthy('it grows more slowly than it did: it may be levelling off');
  return {
    status: 'suspected',
    reasons: [
      `memory allocated by ${site.function} that is still held grew over ${steps.length} readings in ${formatDuration(spanMs / 1000)}`,
      `${formatShare(shareOfGrowth)} of the growth of all allocation sites`,
      'no capture was possible, so who holds it is not known, nor whether it has a bound',
    ],
    confidence: Math.min(MAX_CONFIDENCE, shareOfGrowth * (1 - 0.5 ** (steps.length - 2))),
    bytesPerSecond: (growthBytes / spanMs) * 1000,
    shareOfGrowth,
  };
}

/** The later half of the time against the earlier one. */
function isLevellingOff(steps: ObservedSite['steps']): boolean {
  const [first, last] = [steps[0]!, steps.at(-1)!];
  const middleMs = (first.atMs + last.atMs) / 2;
  const middle = steps.findLast(({ atMs }) => atMs <= middleMs) ?? first;
  if (middle === first) return false;
  const rate = (from: typeof first, to: typeof first) =>
    (to.bytes - from.bytes) / Math.max(1, to.atMs - from.atMs);
  return rate(middle, last) < rate(first, middle) / 2;
}

const healthy = (reason: string): SiteVerdict => ({ status: 'healthy', reason });
