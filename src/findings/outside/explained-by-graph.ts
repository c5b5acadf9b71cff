import type { Fingerprint } from '../../heap/naming/retainer-step.js';
import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { isOpen, settledFinding } from '../described-finding.js';
import type { Evidence, Finding } from '../finding.js';
import type { OutsideFinding } from './outside-finding.js';

/** Signals followed at most; further ones are left out. */
const MAX_SIGNALS = 32;
/** A finding whose growth is at least this part of a signal's, and at most its inverse, is the same growth. */
const SAME_PACE = 0.5;
/** Native memory beside a leak of the heap, as a multiple of it. */
const MOST_NATIVE = 4;

interface Entry {
  finding: Finding;
  signal: OutsideFinding;
  /** The finding of the graph that it is a sign of; null while it stands for itself. */
  explainedBy: Fingerprint | null;
}

/** Growth outside the graph, told once: as evidence of a finding of the graph where one explains it, else by itself. */
export class ExplainedByGraph {
  readonly #resolveMs: number;
  readonly #entries = new Map<Fingerprint, Entry>();

  /** `resolveMs`: how long a signal must be gone to be resolved. */
  constructor(resolveMs: number) {
    this.#resolveMs = resolveMs;
  }

  /** `signals`: those that grow now; `graph`: the findings of the graph. Returns what is new or changed status. */
  observe(signals: readonly OutsideFinding[], atMs: number, graph: readonly Finding[]): readonly Finding[] {
    const changed: Finding[] = [];
    const now = new Set<Fingerprint>();
    for (const signal of signals) {
      if (!this.#entries.has(signal.id) && !this.#makeRoom()) continue;
      now.add(signal.id);
      const before = this.#entries.get(signal.id);
      const told = before === undefined || before.explainedBy !== null ? null : before.finding.status;
      const explainedBy = graph.find((finding) => explains(finding, signal))?.id ?? null;
      const finding = published(signal, before?.finding, atMs);
      this.#entries.set(signal.id, { finding, signal, explainedBy });
      if (explainedBy === null && told !== finding.status) changed.push(finding);
      if (explainedBy !== null && told !== null && told !== 'resolved')
        changed.push(ended(finding, signal, `it is the growth of ${explainedBy}, which names its holder`));
    }
    for (const [id, entry] of this.#entries) {
      if (now.has(id)) continue;
      const settled = this.#settle(entry, atMs);
      if (settled !== null && entry.explainedBy === null) changed.push(settled);
      if (entry.finding.status === 'resolved' && entry.explainedBy !== null) this.#entries.delete(id);
    }
    return changed;
  }

  /** Those that stand for themselves. */
  unexplained(graph: readonly Finding[]): readonly Finding[] {
    return [...this.#entries.values()]
      .filter(({ signal }) => !graph.some((finding) => explains(finding, signal)))
      .map(({ finding }) => finding);
  }

  /** A finding of the graph with the signals that it explains as evidence. */
  explain(finding: Finding): Finding {
    const signals = [...this.#entries.values()].filter(
      (entry) => isOpen(entry.finding) && explains(finding, entry.signal),
    );
    if (signals.length === 0) return finding;
    // What the objects hold outside of the heap is most of it.
    const outside = (['external', 'native'] as const).find((kind) =>
      signals.some(({ signal }) => signal.kind === kind && (kind === 'external' || isNative(finding))),
    );
    return {
      ...finding,
      kind: finding.kind === 'heap' && outside !== undefined ? outside : finding.kind,
      evidence: [...finding.evidence, ...signals.map(({ signal }) => seriesEvidence(signal))],
      reasons: [...finding.reasons, ...signals.map(({ signal }) => signal.title)],
    };
  }

  /** What is resolved gives way, the longest gone first. False where all places are of what is not. */
  #makeRoom(): boolean {
    if (this.#entries.size < MAX_SIGNALS) return true;
    const [oldest] = [...this.#entries.values()]
      .filter(({ finding }) => finding.status === 'resolved')
      .sort((a, b) => a.signal.atMs - b.signal.atMs);
    return oldest !== undefined && this.#entries.delete(oldest.signal.id);
  }

  #settle(entry: Entry, atMs: number): Finding | null {
    const goneMs = atMs - entry.signal.atMs;
    const status = goneMs >= this.#resolveMs ? 'resolved' : 'plateaued';
    if (entry.finding.status === status || entry.finding.status === 'resolved') return null;
    entry.finding = { ...ended(entry.finding, entry.signal, 'it no longer grows'), status };
    return entry.finding;
  }
}

/**
 * Whether a finding of the graph and a signal are one growth: the same mechanism, what comes with it, or about the same
 * pace: sessions that each hold a timer, uploads that each hold a buffer. Memory that nobody can name is put down to a
 * confirmed leak of comparable pace: what leaks has native parts, and a heap that grows fragments.
 */
function explains(finding: Finding, signal: OutsideFinding): boolean {
  if (!isOpen(finding)) return false;
  if (signal.kind === 'native')
    return (
      isNative(finding) ||
      (finding.status === 'confirmed' &&
        finding.growth.bytesPerSecond * MOST_NATIVE >= signal.growth.bytesPerSecond)
    );
  if (finding.mechanism !== null && MECHANISMS[finding.mechanism].comesWith?.includes(signal.type) === true)
    return true;
  if (signal.mechanism !== null && finding.mechanism === signal.mechanism) return true;
  if (signal.kind === 'heap' && finding.kind === 'heap') return true;
  return signal.kind === 'external'
    ? isSamePace(finding.growth.bytesPerSecond, signal.growth.bytesPerSecond)
    : isSamePace(finding.growth.objectsPerSecond, signal.growth.objectsPerSecond);
}

/** Members that are Node's native objects, or held by them, such as blobs: their content lies outside of the heap. */
function isNative({ retainerPath }: Finding): boolean {
  return retainerPath.some(({ node }) => node.startsWith('Node / '));
}

function isSamePace(a: number, b: number): boolean {
  return a > 0 && b > 0 && a >= SAME_PACE * b && b >= SAME_PACE * a;
}

function seriesEvidence({ growth }: OutsideFinding): Evidence {
  const { bytesPerSecond, objectsPerSecond } = growth;
  return { rule: 'series', speaksFor: true, numbers: { bytesPerSecond, objectsPerSecond }, untilWhat: null };
}

function published(signal: OutsideFinding, before: Finding | undefined, atMs: number): Finding {
  const at = new Date(atMs).toISOString();
  // What was confirmed stays so while it grows.
  const status = before?.status === 'confirmed' ? before.status : signal.status;
  return {
    id: signal.id,
    status,
    kind: signal.kind,
    title: signal.title,
    reasons: signal.reasons,
    evidence: signal.evidence,
    muted: false,
    confidence: signal.confidence,
    firstSeen: before?.firstSeen ?? at,
    lastSeen: at,
    confirmedAt:
      status === 'confirmed' && before?.status !== 'confirmed' ? at : (before?.confirmedAt ?? null),
    className: signal.type,
    retainerPath: [],
    growth: signal.growth,
    allocationSites: signal.allocationSites ?? [],
    fields: [],
    mechanism: signal.mechanism,
    package: null,
    locations: [],
    yours: null,
    alsoHeldBy: [],
    bound: null,
    expiry: null,
    secondsToLimit: signal.secondsToLimit,
  };
}

function ended(finding: Finding, { settledTitle }: OutsideFinding, reason: string): Finding {
  const evidence: Evidence = {
    rule: 'settled',
    speaksFor: false,
    numbers: {},
    untilWhat: 'growth that goes on',
  };
  return settledFinding(finding, 'resolved', settledTitle, { evidence, reason });
}
