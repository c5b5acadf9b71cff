import type { GrowthStep, Suspect } from '../heap/suspects/suspect.js';
import type { PaceRules } from '../trigger/pace.js';

/** What one suspect amounts to at one capture. `healthy`: nothing to publish; `early`: it grows, but not for long enough, or too unevenly, to say so. */
export interface Verdict {
  readonly status: 'healthy' | 'early' | 'suspected' | 'confirmed';
  /** In plain words: which rule, which numbers. */
  readonly reasons: readonly string[];
  /** 0 to 1; a summary of persistence and share, not a probability that was measured. */
  readonly confidence: number;
  readonly bytesPerSecond: number;
  readonly objectsPerSecond: number;
}

/** A path that gains less than this part of its earlier pace is levelling off. */
const LEVELLING_OFF = 0.75;

/** Judges one suspect by structure and persistence: one path, growing at every capture, for long enough, and a material part of the growth. */
export function judgeSuspect(suspect: Suspect, rules: PaceRules['finding']): Verdict {
  const rise = suspect.steps.slice(-(suspect.risingSteps + 1));
  const first = rise[0];
  const last = rise.at(-1);
  if (first === undefined || last === undefined || rise.length < 2)
    return healthy('it did not grow at the latest capture');
  const spanMs = last.atMs - first.atMs;
  const gainedBytes = last.bytes - first.bytes;
  const rate = {
    bytesPerSecond: spanMs > 0 ? (gainedBytes / spanMs) * 1000 : 0,
    objectsPerSecond: spanMs > 0 ? ((last.count - first.count) / spanMs) * 1000 : 0,
  };
  if (suspect.artefact !== null) return healthy(`${suspect.artefact}`, rate);
  if (suspect.shareOfGrowth < rules.minShare) {
    return healthy(
      `it is ${percent(suspect.shareOfGrowth)} of the heap's growth, which is not material`,
      rate,
    );
  }
  if (rise.length < rules.suspectObservations) {
    const reason = `it grew at ${rise.length} captures in a row, and ${rules.suspectObservations} are needed`;
    return { ...healthy(reason, rate), status: 'early' };
  }
  // Members that come and go, such as a batch that fills and is flushed, rise every time; a leak goes beyond its past.
  const peak = Math.max(...suspect.steps.slice(0, -rise.length).map(({ count }) => count), 0);
  if (last.count <= peak) return healthy(`it held ${peak} before, and ${last.count} now`, rate);
  if (gainedBytes < rules.minGrowthBytes)
    return healthy(`it gained ${gainedBytes} bytes, which is not material`, rate);

  if (isLevellingOff(rise)) {
    return { ...healthy('it grows more slowly than it did: it may be levelling off', rate), status: 'early' };
  }

  const reasons = [`grew at every one of ${rise.length} captures over ${Math.round(spanMs / 1000)} s`];
  const doubts = doubtsAbout(suspect, rise, spanMs, rules);
  reasons.push(boundWords(suspect), `${percent(suspect.shareOfGrowth)} of the heap's growth`, ...doubts);
  const persistence = 1 - 0.5 ** (rise.length - 1);
  const confidence = Math.min(0.99, persistence * (0.8 + 0.2 * Math.min(1, suspect.shareOfGrowth * 2)));
  return {
    status: doubts.length === 0 ? 'confirmed' : 'suspected',
    reasons,
    confidence: doubts.length === 0 ? confidence : Math.min(0.8, confidence),
    ...rate,
  };
}

/** What still speaks against confirming; each also says what would change it. */
function doubtsAbout(
  suspect: Suspect,
  rise: readonly GrowthStep[],
  spanMs: number,
  rules: PaceRules['finding'],
): string[] {
  const doubts: string[] = [];
  if (rise.length < rules.confirmObservations) {
    const missing = rules.confirmObservations - rise.length;
    doubts.push(`to be confirmed it must grow at ${missing} more capture${missing === 1 ? '' : 's'}`);
  }
  if (spanMs < rules.confirmMs) {
    doubts.push(`to be confirmed it must grow for ${Math.round((rules.confirmMs - spanMs) / 1000)} s more`);
  }
  const last = rise.at(-1)!;
  if (suspect.bound !== null && suspect.bound.limit > last.count) {
    doubts.push(`bounded at ${suspect.bound.limit} by '${suspect.bound.name}': it should level off there`);
  }
  return doubts;
}

/** Compares the pace of the later half of the steps with that of the earlier half. */
function isLevellingOff(rise: readonly GrowthStep[]): boolean {
  if (rise.length < 3) return false;
  const middle = rise[Math.floor(rise.length / 2)]!;
  const earlier = pace(rise[0]!, middle);
  return earlier > 0 && pace(middle, rise.at(-1)!) < earlier * LEVELLING_OFF;
}

function pace(from: GrowthStep, to: GrowthStep): number {
  return (to.count - from.count) / Math.max(1, to.atMs - from.atMs);
}

function boundWords(suspect: Suspect): string {
  if (suspect.bound === null) return 'no bound found on its owner';
  return `its owner has ${suspect.bound.name} = ${suspect.bound.limit}`;
}

function healthy(reason: string, rate = { bytesPerSecond: 0, objectsPerSecond: 0 }): Verdict {
  return { status: 'healthy', reasons: [reason], confidence: 0, ...rate };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
