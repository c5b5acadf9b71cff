import type { AnalysisSuccess } from '../analysis/analysis-outcome.js';
import type { Decision, Finding, FindingStatus } from '../findings/finding.js';
import { decodeFindings, encodeFindings, type StoredFindings } from '../findings/finding-store.js';
import { FindingLedger, type LedgerUpdate } from '../findings/ledger.js';
import type { LedgerFinding } from '../findings/ledger-finding.js';
import { OutsideWatch } from '../findings/outside/outside-watch.js';
import { siteFindings } from '../findings/outside/site-findings.js';
import type { CaptureContext } from '../findings/verdict/capture-history.js';
import type { Holder } from '../heap/naming/holder.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { ResolvedOptions } from '../options/options.js';
import { say } from '../runtime/say.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { trafficOf } from '../sampling/request-counter.js';
import { openSockets } from '../trend/outside-window.js';
import { plainFinding, publishedFinding } from '../wording/finding-text.js';
import { holderText } from '../wording/holder-text.js';
import { storeProblemText } from '../wording/store-text.js';
import type { DaemonParts } from './daemon-parts.js';

export interface DecisionOrder extends Omit<Decision, 'at'> {
  readonly muted?: boolean | undefined;
  readonly acknowledged?: boolean | undefined;
}

/** What becomes of observations: samples and analyses come in, findings are kept, published and stored. */
export class FindingDesk {
  readonly #rules: ResolvedOptions['rules']['finding'];
  readonly #parts: DaemonParts;
  readonly #ledger: FindingLedger;
  readonly #outside: OutsideWatch;
  #lastSample: HeapSample | null = null;
  /** Of the latest timer sample. */
  #openSockets: number | null = null;
  #majorCollections = 0;
  readonly #published = new WeakMap<LedgerFinding, Finding>();

  constructor({ rules, mute }: ResolvedOptions, parts: DaemonParts) {
    this.#rules = rules.finding;
    this.#parts = parts;
    this.#ledger = new FindingLedger(rules.finding, this.#restored());
    const at = new Date(parts.clock.now()).toISOString();
    const decision = { at, by: 'options', reason: say`muted by the option mute` };
    for (const id of mute) this.#ledger.mute(id, decision);
    this.#outside = new OutsideWatch(rules.outside);
  }

  /** Worst first. A finding is the same object until something about it changes: every scrape and every reading of the report asks. */
  get findings(): readonly Finding[] {
    return this.#ledger.findings.map((finding) => {
      const published = this.#published.get(finding) ?? this.#inWords(finding);
      this.#published.set(finding, published);
      return published;
    });
  }

  /** Whether something rises outside the heap: reason enough to find out what holds it. */
  get risesOutside(): boolean {
    return this.#outside.rising.length > 0;
  }

  /** The circumstances that verdicts compare growth with. The time is that of the capture's record. */
  get context(): Omit<CaptureContext, 'atMs'> {
    return {
      requests: this.#lastSample === null ? 0 : trafficOf(this.#lastSample),
      openSockets: this.#openSockets,
      majorCollections: this.#majorCollections,
    };
  }

  has(status: FindingStatus): boolean {
    return this.#ledger.findings.some((finding) => finding.status === status && !finding.muted);
  }

  /** Whether captures have something to follow: they cannot follow growth outside the graph. */
  followsPath(...statuses: readonly FindingStatus[]): boolean {
    return this.#ledger.findings.some(
      ({ status, retainerPath }) => retainerPath.length > 0 && statuses.includes(status),
    );
  }

  /** `blind`: no capture can be taken, so allocation sites are the only evidence. */
  observe(sample: HeapSample, blind: boolean): void {
    this.#lastSample = sample;
    if (sample.handles !== null) this.#openSockets = openSockets(sample);
    if (sample.gc?.kind === 'major' && !sample.gc.own) this.#majorCollections += 1;
    const outside = this.#outside.observe(sample);
    if (outside === null) return;
    const sites = blind ? siteFindings(this.#parts.sites.growing(), this.#rules, sample.atMs) : [];
    this.#publish(this.#ledger.observe([...outside, ...sites], sample.atMs));
  }

  /** `clockStepMs`: how far the wall clock was set since the previous graph. True when the graph shows growth that is or may become a finding; null for the first of a series, which has nothing to be compared with. */
  judge(
    { snapshots, suspects }: AnalysisSuccess,
    context: CaptureContext,
    clockStepMs: number,
  ): boolean | null {
    this.#ledger.note(context, clockStepMs);
    if (snapshots === 1) return null;
    const update = this.#ledger.record(suspects, context.atMs);
    this.#publish(update);
    return !update.quiet;
  }

  /** From now on this finding causes no alert, whether it is known yet or not. */
  mute(id: Fingerprint): void {
    this.#ledger.mute(id, this.#decision({ by: 'program', reason: say`muted by watcher.mute()` }));
    this.#store();
  }

  /** False if it was not muted. */
  unmute(id: Fingerprint): boolean {
    const was = this.#ledger.unmute(id);
    if (was) this.#store();
    return was;
  }

  /** Applies what somebody decided, and returns the finding; null if no finding has that id. What is not given stays. */
  decide(id: string, { muted, acknowledged, ...given }: DecisionOrder): Finding | null {
    const known = this.#ledger.findings.find((finding) => finding.id === id);
    if (known === undefined) return null;
    const decision = this.#decision(given);
    if (muted === true) this.#ledger.mute(known.id, decision);
    if (muted === false) this.#ledger.unmute(known.id);
    if (acknowledged === true) this.#ledger.acknowledge(known.id, decision);
    if (acknowledged === false) this.#ledger.withdrawAcknowledgement(known.id);
    // The state of the watcher ignores muted findings.
    this.#parts.changed();
    this.#store();
    return this.findings.find((finding) => finding.id === id) ?? null;
  }

  /** Stores open findings again, so that the file says when they were last seen. */
  prune(): void {
    const { work, store } = this.#parts;
    if (this.#ledger.findings.length > 0) this.#store();
    work.guard('store', () => store.prune());
  }

  #decision({ by, reason }: Omit<Decision, 'at'>): Decision {
    return { at: new Date(this.#parts.clock.now()).toISOString(), by, reason };
  }

  #publish({ changed }: LedgerUpdate): void {
    if (changed.length === 0) return;
    this.#parts.changed();
    for (const finding of changed) this.#parts.events.emit('finding', this.#inWords(finding));
    this.#store();
  }

  #store(): void {
    const { work, store } = this.#parts;
    const words = (holder: Holder) =>
      this.#worded(
        () => holderText(holder),
        () => holder.kind,
      );
    work.guard('store', () => store.keep(encodeFindings(this.#ledger.toStore(words))));
  }

  #inWords(finding: LedgerFinding): Finding {
    return this.#worded(
      () => publishedFinding(finding),
      () => plainFinding(finding),
    );
  }

  /** An error in the words of one finding must not take the others, or the report. */
  #worded<T>(words: () => T, plain: () => T): T {
    try {
      return words();
    } catch (error) {
      this.#parts.work.record('findings', error);
      return plain();
    }
  }

  /** The findings of an earlier run of the program; a file that cannot be used is replaced. */
  #restored(): StoredFindings | null {
    const { store, clock, logger, work } = this.#parts;
    let stored: StoredFindings | null = null;
    work.guard('store', () => {
      const text = store.restore();
      const decoded = text === null ? null : decodeFindings(text, clock.now());
      if (decoded?.outcome === 'failure')
        logger.warn(
          say`earlier findings are lost, because their file cannot be used and is replaced: ${storeProblemText(decoded.problem)}`,
        );
      else stored = decoded?.stored ?? null;
    });
    return stored;
  }
}
