import type { Fingerprint } from '../../heap/naming/retainer-step.js';
import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { NATIVE } from '../../mechanisms/path-names.js';
import { settledFinding, withPast } from '../described-finding.js';
import { isOpen, type LedgerFinding } from '../ledger-finding.js';
import type { Reason } from '../reason.js';
import type { OutsideFinding } from './outside-finding.js';

/** Findings outside the graph that are followed at most; further ones are left out. */
const MAX_FOLLOWED = 32;
/** A finding of the graph is the same growth if the ratio of the two rates is between this and its inverse. */
const SAME_PACE = 0.5;
/** Native memory in addition to a leak of the heap, as a multiple of it. */
const MOST_NATIVE = 4;

interface Entry {
  finding: LedgerFinding;
  /** Its latest growth. */
  grew: OutsideFinding;
  /** The finding of the graph that it is a part of; null while it is a separate finding. */
  explainedBy: Fingerprint | null;
}

/** Growth outside the graph, reported once: as a reason of a finding of the graph if one explains it, else by itself. */
export class ExplainedByGraph {
  readonly #resolveMs: number;
  readonly #entries = new Map<Fingerprint, Entry>();

  /** `resolveMs`: after how long without growth it is resolved. */
  constructor(resolveMs: number) {
    this.#resolveMs = resolveMs;
  }

  /** `growing`: the present growth; `graph`: the findings of the graph. Returns findings that are new or changed status. */
  observe(
    growing: readonly OutsideFinding[],
    atMs: number,
    graph: readonly LedgerFinding[],
  ): readonly LedgerFinding[] {
    const changed: LedgerFinding[] = [];
    const now = new Set<Fingerprint>();
    for (const grew of growing) {
      const before = this.#entries.get(grew.id);
      if (before === undefined && !this.#makeRoom()) continue;
      now.add(grew.id);
      const explainedBy = graph.find((finding) => explains(finding, grew))?.id ?? null;
      const { atMs: _, ...seen } = grew;
      const finding = withPast(seen, before?.finding, atMs);
      this.#entries.set(grew.id, { finding, grew, explainedBy });
      const published = before === undefined || before.explainedBy !== null ? null : before.finding.status;
      if (explainedBy === null && published !== finding.status) changed.push(finding);
      if (explainedBy !== null && published !== null && published !== 'resolved')
        changed.push(settledFinding(finding, 'gone-for-long', explained(explainedBy)));
    }
    for (const [id, entry] of this.#entries) {
      if (now.has(id)) continue;
      const before = entry.finding;
      const isLong = atMs - entry.grew.atMs >= this.#resolveMs;
      entry.finding = settledFinding(before, isLong ? 'gone-for-long' : 'stood-still', ENDED);
      if (entry.finding !== before && entry.explainedBy === null) changed.push(entry.finding);
      if (entry.finding.status === 'resolved' && entry.explainedBy !== null) this.#entries.delete(id);
    }
    return changed;
  }

  /** The separate findings. */
  unexplained(graph: readonly LedgerFinding[]): readonly LedgerFinding[] {
    return [...this.#entries.values()]
      .filter(({ grew }) => !graph.some((finding) => explains(finding, grew)))
      .map(({ finding }) => finding);
  }

  /** A finding of the graph with the growth outside that it explains as reasons. */
  explain(finding: LedgerFinding): LedgerFinding {
    const explained = [...this.#entries.values()]
      .filter((entry) => isOpen(entry.finding) && explains(finding, entry.grew))
      .map(({ grew }) => grew);
    // What the objects hold outside the heap is most of it.
    const outside = (['external', 'native'] as const).find((kind) =>
      explained.some((grew) => grew.kind === kind && (kind === 'external' || isNative(finding))),
    );
    return {
      ...finding,
      kind: finding.kind === 'heap' && outside !== undefined ? outside : finding.kind,
      reasons: [...finding.reasons, ...explained.map(alsoGrows)],
    };
  }

  /** Drops the finding that was resolved first. False if none is resolved. */
  #makeRoom(): boolean {
    if (this.#entries.size < MAX_FOLLOWED) return true;
    const [oldest] = [...this.#entries.values()]
      .filter(({ finding }) => finding.status === 'resolved')
      .sort((a, b) => a.grew.atMs - b.grew.atMs);
    return oldest !== undefined && this.#entries.delete(oldest.grew.id);
  }
}

/**
 * Whether a finding of the graph and growth outside it are one: the same mechanism, one that it comes with, or about the
 * same pace: sessions that each hold a timer, uploads that each hold a buffer. Memory without a name is attributed to a
 * confirmed leak of comparable pace: objects that leak have native parts, and a heap that grows fragments.
 */
function explains(finding: LedgerFinding, grew: OutsideFinding): boolean {
  if (!isOpen(finding)) return false;
  if (grew.kind === 'native')
    return (
      isNative(finding) ||
      (finding.status === 'confirmed' &&
        finding.growth.bytesPerSecond * MOST_NATIVE >= grew.growth.bytesPerSecond)
    );
  if (
    finding.mechanism !== null &&
    MECHANISMS[finding.mechanism].comesWith?.includes(grew.className) === true
  )
    return true;
  if (grew.mechanism !== null && finding.mechanism === grew.mechanism) return true;
  if (grew.kind === 'heap' && finding.kind === 'heap') return true;
  return grew.kind === 'external'
    ? isSamePace(finding.growth.bytesPerSecond, grew.growth.bytesPerSecond)
    : isSamePace(finding.growth.objectsPerSecond, grew.growth.objectsPerSecond);
}

/** Members that are Node's native objects, or held by them, such as blobs: their content lies outside the heap. */
function isNative({ retainerPath }: LedgerFinding): boolean {
  return retainerPath.some(({ node }) => node.startsWith(NATIVE));
}

function isSamePace(a: number, b: number): boolean {
  return a > 0 && b > 0 && a >= SAME_PACE * b && b >= SAME_PACE * a;
}

function alsoGrows(grew: OutsideFinding): Reason {
  const { bytesPerSecond, objectsPerSecond } = grew.growth;
  const numbers = { bytesPerSecond, objectsPerSecond };
  return { rule: 'series', says: 'also-grows', speaksFor: true, numbers, grew };
}

const ENDED: Reason = { rule: 'settled', says: 'ended', numbers: {}, speaksFor: false };

function explained(by: Fingerprint): Reason {
  return { rule: 'settled', says: 'explained', numbers: {}, by, speaksFor: false };
}
