import { isDeepStrictEqual } from 'node:util';
import type { Bound } from '../heap/limits/limit.js';
import type { Holder } from '../heap/naming/holder.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { Suspect } from '../heap/suspects/suspect.js';
import type { PaceRules } from '../pace/pace.js';
import { Decisions } from './decisions.js';
import { pathFinding, settledFinding, withPast } from './described-finding.js';
import type { Decision } from './finding.js';
import type { StoredFindings } from './finding-store.js';
import type { Subject } from './headline.js';
import { type LedgerFinding, worstFirst } from './ledger-finding.js';
import type { Observation } from './life-cycle.js';
import { ExplainedByGraph } from './outside/explained-by-graph.js';
import type { OutsideFinding } from './outside/outside-finding.js';
import { restoredFinding, seenBefore } from './restored-finding.js';
import { type CaptureContext, CaptureHistory } from './verdict/capture-history.js';
import { type FoundPath, judgeSuspect } from './verdict/path-verdict.js';

/** Findings kept at most; the mildest are dropped first. */
const MAX_FINDINGS = 50;
/** Captures in a row without growth after which a finding, plateaued at the first, is resolved. */
const FLAT_TO_RESOLVE = 4;
/** Traffic below this part of the rate while a finding grew counts as idle. */
const NO_TRAFFIC = 0.1;

interface Entry {
  finding: LedgerFinding;
  /** Latest captures in a row that did not show it growing. */
  flat: number;
  /** Whether some captures showed no growth while it grew. */
  readonly inBatches: boolean;
  /** At the latest capture that showed it growing; null if no traffic was counted. */
  readonly requestsPerSecond: number | null;
}

/** The changes by one capture, or by one look at the series. */
export interface LedgerUpdate {
  /** Findings that are new or changed status, and of which people are to hear, worst first. */
  readonly changed: readonly LedgerFinding[];
  /** True when nothing grew that is or may become a finding. */
  readonly quiet: boolean;
}

/** The life cycle of findings: the same fingerprint is the same finding, from first seen to resolved. Times come with the captures. */
export class FindingLedger {
  readonly #rules: PaceRules['finding'];
  readonly #entries = new Map<Fingerprint, Entry>();
  readonly #decisions: Decisions;
  readonly #outside: ExplainedByGraph;
  readonly #history = new CaptureHistory();
  /** By fingerprint, findings from before the program restarted. */
  readonly #earlier = new Map<Fingerprint, Pick<LedgerFinding, 'firstSeen' | 'confirmedAt'>>();
  #bounds: ReadonlyMap<Fingerprint, Bound | null> = new Map();
  /** As published; null once something changed. */
  #findings: readonly LedgerFinding[] | null = null;
  /** As published last, by id. */
  #latest: ReadonlyMap<string, LedgerFinding> = new Map();

  /** `stored`: the findings of the same program before it restarted. */
  constructor(rules: PaceRules['finding'], stored: StoredFindings | null = null) {
    this.#rules = rules;
    this.#decisions = new Decisions(stored);
    this.#outside = new ExplainedByGraph(rules.confirmMs);
    for (const one of stored?.findings ?? []) {
      const flat = one.status === 'resolved' ? FLAT_TO_RESOLVE : 0;
      const finding = restoredFinding(one);
      this.#entries.set(one.id, { finding, flat, inBatches: false, requestsPerSecond: null });
      this.#earlier.set(one.id, one);
    }
  }

  /** Worst first: by status, then by bytes per second. A finding is the same object until something about it changes. */
  get findings(): readonly LedgerFinding[] {
    if (this.#findings === null) {
      this.#findings = this.#present();
      this.#latest = new Map(this.#findings.map((finding) => [finding.id, finding]));
    }
    return this.#findings;
  }

  /** What is to be written down for the next start: see `encodeFindings`. `words`: for a holder. */
  toStore(words: (holder: Holder) => string): StoredFindings {
    const ownerOf = (subject: Subject) =>
      subject.of === 'path' ? words(subject.holder) : subject.of === 'stored-path' ? subject.owner : '';
    const findings = this.#graphFindings().map((finding) => ({
      ...finding,
      owner: ownerOf(finding.headline.subject),
    }));
    return { findings: findings.sort(worstFirst), ...this.#decisions.toStore() };
  }

  /** To be called once a capture, with the time of its growth step, the first of a series included, before `record`. `clockStepMs`: how far the wall clock was set since the previous one. */
  note(context: CaptureContext, clockStepMs = 0): void {
    this.#history.add(context, clockStepMs);
  }

  /** Of every capture but the first of a series, which has nothing to be compared with. */
  record(suspects: readonly Suspect[], capturedAtMs: number): LedgerUpdate {
    this.#findings = null;
    const changed: LedgerFinding[] = [];
    const growing = new Set<Fingerprint>();
    const early = new Set<Fingerprint>();
    for (const suspect of suspects) {
      const { fingerprint } = suspect;
      // Worst first: a later one with the same fingerprint would only take its place.
      if (growing.has(fingerprint)) continue;
      const boundBefore = this.#bounds.get(fingerprint);
      const verdict = judgeSuspect(suspect, { rules: this.#rules, history: this.#history, boundBefore });
      const entry = this.#entries.get(fingerprint);
      if (verdict.dismissed === null) {
        growing.add(fingerprint);
        const finding = this.#grew(suspect, verdict, capturedAtMs);
        if (entry?.finding.status !== finding.status) changed.push(finding);
      } else {
        // A known finding that grew on has not stopped, whatever else speaks against publishing it now.
        if (verdict.status === 'early' || (entry !== undefined && verdict.objectsPerSecond > 0))
          early.add(fingerprint);
        if (entry !== undefined && holdsMoreThanEver(suspect, entry)) entry.flat = 0;
      }
    }
    this.#bounds = new Map(suspects.map(({ fingerprint, bound }) => [fingerprint, bound]));
    for (const [fingerprint, entry] of this.#entries) {
      if (growing.has(fingerprint)) continue;
      const before = entry.finding;
      const observation = early.has(fingerprint) ? 'grew-early' : this.#standing(entry);
      const numbers = { flatCaptures: entry.flat };
      const why = { rule: 'settled', says: 'still', numbers, speaksFor: false } as const;
      entry.finding = settledFinding(before, observation, why);
      if (entry.finding !== before) changed.push(entry.finding);
    }
    this.#forgetBeyondLimit();
    return { changed: this.#audible(changed), quiet: growing.size === 0 && early.size === 0 };
  }

  /**
   * Takes the present growth outside the graph, at every look at it. It is a separate finding only while no open finding
   * of the graph explains it; otherwise it is one more reason of that finding.
   */
  observe(growing: readonly OutsideFinding[], atMs: number): LedgerUpdate {
    this.#findings = null;
    const changed = this.#outside.observe(growing, atMs, this.#graphFindings());
    return { changed: this.#audible(changed), quiet: growing.length === 0 };
  }

  /** From now on it causes no alert, whether it is known yet or not. */
  mute(id: Fingerprint, decision: Decision | null = null): void {
    this.#findings = null;
    this.#decisions.mute(id, decision);
  }

  /** False if it was not muted. */
  unmute(id: Fingerprint): boolean {
    this.#findings = null;
    return this.#decisions.unmute(id);
  }

  /** Until it becomes worse than now, or is resolved, nobody hears of it. False if there is no such finding. */
  acknowledge(id: Fingerprint, decision: Decision): boolean {
    const status = this.findings.find((finding) => finding.id === id)?.status;
    if (status !== undefined) this.#decisions.acknowledge(id, { ...decision, status });
    this.#findings = null;
    return status !== undefined;
  }

  /** False if it was not acknowledged. */
  withdrawAcknowledgement(id: Fingerprint): boolean {
    this.#findings = null;
    return this.#decisions.withdrawAcknowledgement(id);
  }

  #grew(suspect: Suspect, verdict: FoundPath, atMs: number): LedgerFinding {
    const { fingerprint } = suspect;
    const before = this.#entries.get(fingerprint)?.finding;
    const described = withPast(pathFinding(suspect, verdict), before, atMs);
    const earlier = this.#earlier.get(fingerprint);
    const past = earlier === undefined ? [] : [seenBefore(earlier)];
    const finding = { ...described, reasons: [...described.reasons, ...past] };
    const requestsPerSecond = verdict.bytesPerRequest === null ? null : this.#history.requestsPerSecond;
    const { inBatches } = verdict;
    this.#entries.set(fingerprint, { finding, flat: 0, inBatches, requestsPerSecond });
    return finding;
  }

  /** If the service has no traffic, lack of growth proves nothing. */
  #standing(entry: Entry): Observation {
    if (entry.finding.status === 'confirmed' && this.#isIdle(entry)) return 'paused';
    entry.flat += 1;
    if (entry.flat >= FLAT_TO_RESOLVE) return 'gone-for-long';
    return entry.flat === 1 && entry.inBatches ? 'paused' : 'stood-still';
  }

  #present(): readonly LedgerFinding[] {
    const graph = this.#graphFindings();
    return [...graph.map((one) => this.#outside.explain(one)), ...this.#outside.unexplained(graph)]
      .map((finding) => this.#kept({ ...finding, ...this.#decisions.about(finding.id) }))
      .sort(worstFirst)
      .slice(0, MAX_FINDINGS);
  }

  /** Cheap, since what did not change is mostly the same object. */
  #kept(finding: LedgerFinding): LedgerFinding {
    const before = this.#latest.get(finding.id);
    return before !== undefined && isDeepStrictEqual(before, finding) ? before : finding;
  }

  #graphFindings(): readonly LedgerFinding[] {
    return [...this.#entries.values()].map(({ finding }) => finding);
  }

  #audible(changed: readonly LedgerFinding[]): readonly LedgerFinding[] {
    return changed
      .filter((finding) => this.#decisions.announces(finding))
      .map((finding) => this.#outside.explain(finding))
      .sort(worstFirst);
  }

  #isIdle({ requestsPerSecond }: Entry): boolean {
    const now = this.#history.requestsPerSecond;
    return requestsPerSecond !== null && now !== null && now < NO_TRAFFIC * requestsPerSecond;
  }

  #forgetBeyondLimit(): void {
    if (this.#entries.size <= MAX_FINDINGS) return;
    const mildestFirst = [...this.#entries.values()].sort((a, b) => worstFirst(b.finding, a.finding));
    for (const entry of mildestFirst.slice(0, this.#entries.size - MAX_FINDINGS))
      this.#entries.delete(entry.finding.id);
  }
}

/** If so, it has not stopped growing, even if it grows in steps. */
function holdsMoreThanEver({ steps }: Suspect, { finding }: Entry): boolean {
  return (steps.at(-1)?.count ?? 0) > Math.max(0, ...finding.growth.steps.map(({ count }) => count));
}
