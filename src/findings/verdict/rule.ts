import type { Bound } from '../../heap/limits/limit.js';
import type { Suspect } from '../../heap/suspects/suspect.js';
import type { PaceRules } from '../../pace/pace.js';
import type { Evidence, EvidenceRule } from '../finding.js';
import type { CaptureContext } from './capture-context.js';
import type { GrowthRun } from './growth-run.js';

/** What every rule may look at. */
export interface Case {
  readonly suspect: Suspect;
  readonly run: GrowthRun;
  readonly rules: PaceRules['finding'];
  readonly history: readonly CaptureContext[];
  /** The bound that was found at the capture before; undefined where there was none to look at. */
  readonly boundBefore: Bound | null | undefined;
}

/** What one rule says. */
export interface Ruling {
  readonly evidence: Evidence;
  /** One sentence without its full stop. */
  readonly reason: string;
  /** It must not be confirmed as long as this is so. */
  readonly holds: boolean;
}

export type Rule = (facts: Case) => Ruling | null;

type Numbers = Readonly<Record<string, number>>;

export function speaksFor(rule: EvidenceRule, reason: string, numbers: Numbers = {}): Ruling {
  return { evidence: { rule, speaksFor: true, numbers, untilWhat: null }, reason, holds: false };
}

export function holdsBack(
  rule: EvidenceRule,
  reason: string,
  numbers: Numbers,
  untilWhat: string | null,
): Ruling {
  return { evidence: { rule, speaksFor: false, numbers, untilWhat }, reason, holds: true };
}
