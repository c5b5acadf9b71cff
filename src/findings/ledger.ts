import type { Fingerprint, Suspect } from '../heap/suspects/suspect.js';
import type { PaceRules } from '../trigger/pace.js';
import type { Finding, FindingStatus } from './finding.js';
import { judgeSuspect, type Verdict } from './verdict.js';

/** Findings kept at most; the oldest that no longer grows leaves first. */
const MAX_FINDINGS = 50;
/** Captures in a row without growth after which a finding, plateaued at the first, is resolved. */
const FLAT_TO_RESOLVE = 4;

interface Entry {
  finding: Finding;
  /** The holder, as a person writes it. */
  readonly owner: string;
  /** Latest captures in a row that did not show it growing. */
  flat: number;
}

/** What one capture changed. */
export interface LedgerUpdate {
  /** Findings that are new or changed status, worst first. */
  readonly changed: readonly Finding[];
  /** True when nothing grew that is or may become a finding. */
  readonly quiet: boolean;
}

/** The life cycle of findings: the same fingerprint is the same finding, from first seen to resolved. Pure of clocks: times come with the captures. */
export class FindingLedger {
  readonly #rules: PaceRules['finding'];
  readonly #entries = new Map<Fingerprint, Entry>();

  constructor(rules: PaceRules['finding']) {
    this.#rules = rules;
  }

  /** Worst first: by status, then by bytes per second. */
  get findings(): readonly Finding[] {
    return [...this.#entries.values()].map((entry) => entry.finding).sort(worstFirst);
  }

  /** `requestsPerSecond` is null where no traffic was counted. */
  record(suspects: readonly Suspect[], capturedAtMs: number, requestsPerSecond: number | null): LedgerUpdate {
    const changed: Finding[] = [];
    const growing = new Set<Fingerprint>();
    const early = new Set<Fingerprint>();
    for (const suspect of suspects) {
      // Worst first: what has the fingerprint of one before would only take its place.
      if (growing.has(suspect.fingerprint)) continue;
      const verdict = judgeSuspect(suspect, this.#rules);
      if (verdict.status === 'early') early.add(suspect.fingerprint);
      if (verdict.status === 'healthy' || verdict.status === 'early') continue;
      growing.add(suspect.fingerprint);
      const before = this.#entries.get(suspect.fingerprint)?.finding;
      const finding = describe(suspect, verdict, before, capturedAtMs, requestsPerSecond);
      this.#entries.set(suspect.fingerprint, { finding, owner: suspect.owner, flat: 0 });
      if (before?.status !== finding.status) changed.push(finding);
    }
    for (const [fingerprint, entry] of this.#entries) {
      // What grows again, but not for long enough to say so, has not stopped.
      if (growing.has(fingerprint) || early.has(fingerprint)) continue;
      const settled = this.#settle(entry);
      if (settled !== null) changed.push(settled);
    }
    this.#forgetBeyondLimit();
    return { changed: changed.sort(worstFirst), quiet: growing.size === 0 && early.size === 0 };
  }

  #settle(entry: Entry): Finding | null {
    entry.flat += 1;
    const status: FindingStatus = entry.flat >= FLAT_TO_RESOLVE ? 'resolved' : 'plateaued';
    if (entry.finding.status === status) return null;
    const reason =
      entry.flat === 1
        ? 'did not grow at the latest capture'
        : `has not grown at the latest ${entry.flat} captures`;
    // What settled it before is out of date; what it was found for stays.
    const found =
      entry.finding.status === 'plateaued' ? entry.finding.reasons.slice(1) : entry.finding.reasons;
    const title = `${entry.owner} has stopped growing`;
    const growth = { ...entry.finding.growth, bytesPerSecond: 0, objectsPerSecond: 0, bytesPerRequest: null };
    entry.finding = {
      ...entry.finding,
      status,
      title,
      growth,
      reasons: [reason, ...found],
    };
    return entry.finding;
  }

  #forgetBeyondLimit(): void {
    if (this.#entries.size <= MAX_FINDINGS) return;
    const mildestFirst = [...this.#entries.values()].sort((a, b) => worstFirst(b.finding, a.finding));
    for (const entry of mildestFirst.slice(0, this.#entries.size - MAX_FINDINGS))
      this.#entries.delete(entry.finding.id);
  }
}

function describe(
  suspect: Suspect,
  verdict: Verdict,
  before: Finding | undefined,
  capturedAtMs: number,
  requestsPerSecond: number | null,
): Finding {
  const at = new Date(capturedAtMs).toISOString();
  const status = before?.status === 'confirmed' ? 'confirmed' : (verdict.status as FindingStatus);
  const perRequest =
    requestsPerSecond !== null && requestsPerSecond > 0 ? verdict.bytesPerSecond / requestsPerSecond : null;
  return {
    id: suspect.fingerprint,
    status,
    kind: 'heap',
    title: titleOf(suspect, verdict),
    reasons: verdict.reasons,
    evidence: [],
    muted: false,
    confidence:
      status === before?.status ? Math.max(before.confidence, verdict.confidence) : verdict.confidence,
    firstSeen: before?.firstSeen ?? at,
    lastSeen: at,
    confirmedAt: before?.confirmedAt ?? (status === 'confirmed' ? at : null),
    className: suspect.className,
    retainerPath: suspect.retainerPath,
    growth: {
      bytesPerSecond: verdict.bytesPerSecond,
      objectsPerSecond: verdict.objectsPerSecond,
      bytesPerRequest: perRequest,
      shareOfGrowth: suspect.shareOfGrowth,
      bytesScaled: suspect.scaled === true,
      steps: suspect.steps.map((step) => ({
        at: new Date(step.atMs).toISOString(),
        count: step.count,
        bytes: step.bytes,
      })),
    },
    allocationSites: suspect.sites ?? [],
    fields: suspect.fields,
    mechanism: suspect.mechanism ?? null,
    package: suspect.package ?? null,
    locations: suspect.locations ?? [],
    yours: suspect.yours ?? null,
    alsoHeldBy: suspect.alsoHeldBy ?? [],
    bound: suspect.bound,
    expiry: suspect.expiry ?? null,
    secondsToLimit: null,
  };
}

function titleOf(suspect: Suspect, verdict: Verdict): string {
  const last = suspect.steps.at(-1);
  const perMinute = Math.round(verdict.objectsPerSecond * 60).toLocaleString('en-US');
  const now = (last?.count ?? 0).toLocaleString('en-US');
  const about = suspect.scaled === true ? 'about ' : '';
  return `${suspect.owner} gains ${perMinute} entries a minute at every capture (${now} now, ${about}${megabytes(last?.bytes ?? 0)})`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const SEVERITY: readonly FindingStatus[] = ['confirmed', 'suspected', 'plateaued', 'resolved'];

function worstFirst(a: Finding, b: Finding): number {
  const bySeverity = SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status);
  return bySeverity !== 0 ? bySeverity : b.growth.bytesPerSecond - a.growth.bytesPerSecond;
}
