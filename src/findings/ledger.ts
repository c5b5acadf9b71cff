import type { Bound } from '../heap/limits/limit.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { Suspect } from '../heap/suspects/suspect.js';
import type { PaceRules } from '../pace/pace.js';
import { plural } from '../runtime/units.js';
import { holderText } from '../wording/holder-text.js';
import { describeFinding, settledFinding, worstFirst } from './described-finding.js';
import type { Finding, FindingStatus } from './finding.js';
import type { StoredFindings } from './finding-store.js';
import { MutedFindings } from './muted-findings.js';
import { ExplainedByGraph } from './outside/explained-by-graph.js';
import type { OutsideFinding } from './outside/outside-finding.js';
import { restoredFinding, seenBefore } from './restored-finding.js';
import { settledTitle } from './title.js';
import type { CaptureContext } from './verdict/capture-context.js';
import { servesRequests } from './verdict/growth-run.js';
import { speaksFor } from './verdict/rule.js';
import { judgeSuspect } from './verdict/verdict.js';

/** Findings kept at most; the oldest that no longer grows leaves first. */
const MAX_FINDINGS = 50;
/** Captures in a row without growth after which a finding, plateaued at the first, is resolved. */
const FLAT_TO_RESOLVE = 4;
/** Moments of captures kept, a day of them at the production pace when something is suspected; the oldest leave. */
const MAX_HISTORY = 256;
/** Traffic below this part of what it was while a finding grew is none. */
const NO_TRAFFIC = 0.1;

interface Entry {
  finding: Finding;
  /** The holder, as a person writes it. */
  readonly owner: string;
  /** Latest captures in a row that did not show it growing. */
  flat: number;
  /** At the latest capture that showed it growing; null where no traffic was counted. */
  readonly requestsPerSecond: number | null;
}

/** What one capture, or one look at the series, changed. */
export interface LedgerUpdate {
  /** Findings that are new or changed status and are not muted, worst first. */
  readonly changed: readonly Finding[];
  /** True when nothing grew that is or may become a finding. */
  readonly quiet: boolean;
}

/** The life cycle of findings: the same fingerprint is the same finding, from first seen to resolved. Pure of clocks: times come with the captures. */
export class FindingLedger {
  readonly #rules: PaceRules['finding'];
  readonly #entries = new Map<Fingerprint, Entry>();
  readonly #muted: MutedFindings;
  readonly #signals: ExplainedByGraph;
  /** By fingerprint, what was found before the program was started anew. */
  readonly #earlier = new Map<Fingerprint, Pick<Finding, 'firstSeen' | 'confirmedAt'>>();
  #history: CaptureContext[] = [];
  #bounds: ReadonlyMap<Fingerprint, Bound | null> = new Map();

  /** `stored`: what was known of the same program before it was started anew. */
  constructor(rules: PaceRules['finding'], stored: StoredFindings | null = null) {
    this.#rules = rules;
    this.#muted = new MutedFindings(stored?.muted ?? []);
    this.#signals = new ExplainedByGraph(rules.confirmMs);
    for (const one of stored?.findings ?? []) {
      const flat = one.status === 'resolved' ? FLAT_TO_RESOLVE : 0;
      const entry = { finding: restoredFinding(one), owner: one.owner, flat, requestsPerSecond: null };
      this.#entries.set(one.id, entry);
      this.#earlier.set(one.id, one);
    }
  }

  /** Worst first: by status, then by bytes per second. */
  get findings(): readonly Finding[] {
    const graph = this.#graphFindings();
    return [...graph.map((one) => this.#signals.explain(one)), ...this.#signals.unexplained(graph)]
      .map((finding) => this.#muted.mark(finding))
      .sort(worstFirst)
      .slice(0, MAX_FINDINGS);
  }

  /** What is to be written down for the next start: see `encodeFindings`. */
  get toStore(): StoredFindings {
    const graph = [...this.#entries.values()].map(({ finding, owner }) => ({ ...finding, owner }));
    return { findings: graph.sort(worstFirst), muted: this.#muted.ids };
  }

  /** To be called once a capture, with the time of its growth step, the first of a series included, before `record`. */
  note(moment: CaptureContext): void {
    this.#history = [...this.#history, moment].slice(-MAX_HISTORY);
  }

  /** Of every capture but the first of a series, which has nothing to be compared with. */
  record(suspects: readonly Suspect[], capturedAtMs: number): LedgerUpdate {
    const changed: Finding[] = [];
    const growing = new Set<Fingerprint>();
    const early = new Set<Fingerprint>();
    for (const suspect of suspects) {
      const { fingerprint } = suspect;
      // Worst first: what has the fingerprint of one before would only take its place.
      if (growing.has(fingerprint)) continue;
      const verdict = judgeSuspect(suspect, {
        rules: this.#rules,
        history: this.#history,
        boundBefore: this.#bounds.get(fingerprint),
      });
      // What is known and grew on has not stopped, whatever else speaks against publishing it now.
      const goesOn = this.#entries.has(fingerprint) && verdict.objectsPerSecond > 0;
      if (verdict.status === 'early' || (verdict.status === 'healthy' && goesOn)) early.add(fingerprint);
      if (verdict.status === 'healthy' || verdict.status === 'early') {
        this.#goOn(suspect);
        continue;
      }
      growing.add(fingerprint);
      const before = this.#entries.get(fingerprint)?.finding;
      // What was confirmed stays so while it grows.
      const status = before?.status === 'confirmed' ? before.status : verdict.status;
      const finding = this.#withPast(describeFinding(suspect, verdict, status, before, capturedAtMs));
      const requestsPerSecond = verdict.bytesPerRequest === null ? null : this.#requestsPerSecond();
      this.#entries.set(fingerprint, {
        finding,
        owner: holderText(suspect.holder),
        flat: 0,
        requestsPerSecond,
      });
      if (before?.status !== finding.status) changed.push(finding);
    }
    this.#bounds = new Map(suspects.map(({ fingerprint, bound }) => [fingerprint, bound]));
    for (const [fingerprint, entry] of this.#entries) {
      // What grows again, but not for long enough to say so, has not stopped.
      if (growing.has(fingerprint) || early.has(fingerprint)) continue;
      const settled = this.#settle(entry);
      if (settled !== null) changed.push(settled);
    }
    this.#forgetBeyondLimit();
    return { changed: this.#audible(changed), quiet: growing.size === 0 && early.size === 0 };
  }

  /** What holds more than ever has not stopped growing, in whatever steps it does. */
  #goOn({ fingerprint, steps }: Suspect): void {
    const entry = this.#entries.get(fingerprint);
    const most = Math.max(0, ...(entry?.finding.growth.steps ?? []).map(({ count }) => count));
    if (entry !== undefined && (steps.at(-1)?.count ?? 0) > most) entry.flat = 0;
  }

  /**
   * What grows outside the graph at present, at every look at it. A signal is a finding of its own only while no open
   * finding of the graph explains it; then it is one more evidence of that.
   */
  observe(signals: readonly OutsideFinding[], atMs: number): LedgerUpdate {
    const changed = this.#signals.observe(signals, atMs, this.#graphFindings());
    return { changed: this.#audible(changed), quiet: signals.length === 0 };
  }

  /** From now on nobody is called for it, whether it is known yet or not. */
  mute(id: Fingerprint): void {
    this.#muted.add(id);
  }

  /** False where it was not muted. */
  unmute(id: Fingerprint): boolean {
    return this.#muted.remove(id);
  }

  #withPast(finding: Finding): Finding {
    const earlier = this.#earlier.get(finding.id);
    if (earlier === undefined) return finding;
    const { evidence, reason } = seenBefore(earlier);
    return {
      ...finding,
      evidence: [...finding.evidence, evidence],
      reasons: [...finding.reasons, reason],
    };
  }

  #graphFindings(): readonly Finding[] {
    return [...this.#entries.values()].map(({ finding }) => finding);
  }

  #audible(changed: readonly Finding[]): readonly Finding[] {
    return changed
      .filter(({ id }) => !this.#muted.has(id))
      .map((finding) => this.#signals.explain(finding))
      .sort(worstFirst);
  }

  /** That a service without traffic does not grow says nothing of it. */
  #settle(entry: Entry): Finding | null {
    if (entry.finding.status === 'confirmed' && this.#isIdle(entry)) return null;
    entry.flat += 1;
    // What leaks in batches stands still now and then: that calls nobody off, and on again.
    const grewAgain = entry.finding.evidence.some(({ numbers }) => (numbers['stillCaptures'] ?? 0) > 0);
    if (entry.finding.status === 'confirmed' && entry.flat === 1 && grewAgain) return null;
    const status: FindingStatus = entry.flat >= FLAT_TO_RESOLVE ? 'resolved' : 'plateaued';
    if (entry.finding.status === status) return null;
    const why = speaksFor(
      'settled',
      entry.flat === 1
        ? 'did not grow at the latest capture'
        : `has not grown at the latest ${plural(entry.flat, 'capture')}`,
      { flatCaptures: entry.flat },
    );
    const against = { ...why.evidence, speaksFor: false, untilWhat: 'growth at the next captures' };
    entry.finding = settledFinding(entry.finding, status, settledTitle(entry.owner), {
      evidence: against,
      reason: why.reason,
    });
    return entry.finding;
  }

  #isIdle({ requestsPerSecond }: Entry): boolean {
    const now = this.#requestsPerSecond();
    return requestsPerSecond !== null && now !== null && now < NO_TRAFFIC * requestsPerSecond;
  }

  /** Between the latest two captures; null where no traffic was ever counted. */
  #requestsPerSecond(): number | null {
    const [before, now] = this.#history.slice(-2);
    if (before === undefined || now === undefined || now.atMs <= before.atMs) return null;
    if (!servesRequests(this.#history)) return null;
    return ((now.requests - before.requests) / (now.atMs - before.atMs)) * 1000;
  }

  #forgetBeyondLimit(): void {
    if (this.#entries.size <= MAX_FINDINGS) return;
    const mildestFirst = [...this.#entries.values()].sort((a, b) => worstFirst(b.finding, a.finding));
    for (const entry of mildestFirst.slice(0, this.#entries.size - MAX_FINDINGS))
      this.#entries.delete(entry.finding.id);
  }
}
