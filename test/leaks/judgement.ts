import type { Finding } from '../../src/index.js';
import type { Truth } from './truth.js';
import type { Observation, RunPlan } from './watched-run.js';

/** How well one program was watched: a row of the table. Times in milliseconds, null for never. */
export interface Judgement {
  readonly name: string;
  readonly standsFor: string;
  readonly leaks: boolean;
  readonly ranMs: number;
  readonly verdict: 'confirmed' | 'suspected' | 'none';
  readonly suspectedMs: number | null;
  readonly confirmedMs: number | null;
  /** Whether the first finding names the true culprit; null for a healthy program. */
  readonly culpritFirst: boolean | null;
  /** Whether its kind is right for what leaks; null without a finding. */
  readonly kindRight: boolean | null;
  /** Whether it points into the program's own source, by file and line; null where there is nothing to point at. */
  readonly placed: boolean | null;
  /** Suspected or confirmed when the program ended. */
  readonly openFindings: number;
  readonly first: string | null;
  readonly everConfirmed: readonly string[];
  readonly captures: number;
  readonly failedCaptures: number;
  readonly longestPauseMs: number;
  /** CPU of watching, capturing and analysing, as part of one core over the run. */
  readonly cpuShare: number;
  readonly peakRssBytes: number;
  readonly watcher: string;
  readonly trouble: string | null;
}

/** The figures of all programs of a round. Shares from 0 to 1. */
export interface Score {
  readonly leaking: number;
  readonly found: number;
  readonly recall: number;
  readonly culpritFirst: number;
  /** Of all leaking programs: one that was not found names no culprit. */
  readonly culpritShare: number;
  readonly oneFinding: number;
  readonly kindRight: number;
  readonly placed: number;
  readonly healthy: number;
  readonly falseConfirmed: readonly string[];
  readonly troubled: readonly string[];
}

/** What a round must reach at least. */
export const RECALL = 0.95;
export const CULPRIT_SHARE = 0.9;

/** What a round fell short of; empty when nothing is amiss. */
export function shortcomings(figures: Score): readonly string[] {
  const { recall, culpritShare, falseConfirmed, troubled } = figures;
  return [
    ...(recall < RECALL ? [`recall is below ${RECALL}`] : []),
    ...(culpritShare < CULPRIT_SHARE ? [`the culprit comes first in less than ${CULPRIT_SHARE}`] : []),
    ...falseConfirmed.map((name) => `${name} is healthy and was confirmed`),
    ...troubled.map((name) => `${name} was not watched from start to end`),
  ];
}

export function judge(truth: Truth, plan: RunPlan, seen: Observation): Judgement {
  const first = seen.findings.find(isOpen) ?? null;
  return {
    name: truth.name,
    standsFor: truth.standsFor,
    leaks: truth.leaks,
    ranMs: seen.ranMs,
    verdict: verdictOf(seen),
    suspectedMs: seen.suspectedMs,
    confirmedMs: seen.confirmedMs,
    culpritFirst: truth.leaks ? first !== null && names(first, truth.culprit) : null,
    kindRight: truth.leaks && first !== null ? truth.kinds.includes(first.kind) : null,
    placed: truth.leaks && first !== null ? isPlaced(first, `/${plan.name}.ts`) : null,
    openFindings: seen.findings.filter(isOpen).length,
    first: first === null ? null : `${first.status} ${first.kind}: ${first.title}`,
    everConfirmed: seen.everConfirmed,
    captures: seen.captures,
    failedCaptures: seen.failedCaptures,
    longestPauseMs: seen.longestPauseMs,
    cpuShare: seen.cpuSeconds / (seen.ranMs / 1000),
    peakRssBytes: seen.peakRssBytes,
    watcher: seen.watcher,
    trouble: seen.trouble,
  };
}

export function score(judgements: readonly Judgement[]): Score {
  const leaking = judgements.filter(({ leaks }) => leaks);
  const healthy = judgements.filter(({ leaks }) => !leaks);
  const found = leaking.filter(({ verdict }) => verdict === 'confirmed');
  const named = found.filter(({ culpritFirst }) => culpritFirst === true);
  return {
    leaking: leaking.length,
    found: found.length,
    recall: found.length / Math.max(1, leaking.length),
    culpritFirst: named.length,
    culpritShare: named.length / Math.max(1, leaking.length),
    oneFinding: found.filter(({ openFindings }) => openFindings === 1).length,
    kindRight: found.filter(({ kindRight }) => kindRight === true).length,
    placed: found.filter(({ placed }) => placed === true).length,
    healthy: healthy.length,
    falseConfirmed: healthy.filter(({ verdict }) => verdict === 'confirmed').map(({ name }) => name),
    troubled: judgements.filter(({ trouble }) => trouble !== null).map(({ name }) => name),
  };
}

function verdictOf(seen: Observation): Judgement['verdict'] {
  if (seen.confirmedMs !== null) return 'confirmed';
  return seen.suspectedMs === null ? 'none' : 'suspected';
}

function isOpen({ status }: Finding): boolean {
  return status === 'suspected' || status === 'confirmed';
}

/** Only what a reader sees first counts. Callers of allocation sites and reasons name many things, and do not. */
function names(finding: Finding, culprit: readonly RegExp[]): boolean {
  const path = finding.retainerPath.map(({ edge, node }) => `${edge}: ${node}`);
  const text = [finding.title, finding.className, finding.package?.name ?? '', ...path].join('\n');
  return culprit.every((pattern) => pattern.test(text));
}

function isPlaced(finding: Finding, file: string): boolean {
  const places = [finding.yours, ...finding.locations, ...finding.allocationSites.slice(0, 1)];
  return places.some((place) => place?.url.endsWith(file) === true);
}
