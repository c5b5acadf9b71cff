import type { GcFigures, GcKind } from './gc-source.js';

/** One cycle as `v8.GCProfiler` recorded it. */
export interface CycleRecord {
  readonly kind: GcKind;
  readonly figures: GcFigures;
}

/** More than this many cycles at the seam of two profiles is not credible: two native calls follow each other there. */
const MAX_OVERLAP = 8;
/** Cycles recorded whose performance entry has not come yet. Above it the two are no longer in step. */
const MAX_WAITING = 4_096;

/** A profile was read between these moments of the monotonic clock; `records` were taken in up to then. */
interface Checkpoint {
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly records: number;
}

/**
 * Records of consecutive profiles, in the order of the cycles, waiting for their performance entries.
 *
 * Every cycle has one record and, a little later, one entry, both in the order of the cycles, so the n-th entry
 * belongs to the n-th record. Two profiles in a row overlap in time so that none is missed; a cycle within the
 * overlap is the last of the one and the first of the other with the same figures, and counts once.
 *
 * The length of a cycle is no evidence: a thread preempted between two callbacks makes the two accounts differ by
 * milliseconds. The count is: as many entries begin before a profile is read as there are records by then.
 */
export class CycleQueue {
  #waiting: CycleRecord[] = [];
  #previous: readonly CycleRecord[] = [];
  #records = 0;
  #entries = 0;
  #checkpoint: Checkpoint | null = null;

  /** Takes the profile read between the two moments. False when too much waits and all must be brought in step anew. */
  add(profile: readonly CycleRecord[], beforeMs: number, afterMs: number): boolean {
    const fresh = profile.slice(overlap(this.#previous, profile));
    this.#waiting = this.#waiting.concat(fresh);
    this.#records += fresh.length;
    this.#previous = profile.slice(-MAX_OVERLAP);
    this.#checkpoint ??= { beforeMs, afterMs, records: this.#records };
    return this.#waiting.length <= MAX_WAITING;
  }

  /** The record of the next entry; null when it is of another cycle, or there is none: all must be brought in step anew. */
  take(kind: GcKind, startMs: number): CycleRecord | null {
    if (!this.#passes(startMs) || this.#waiting[0]?.kind !== kind) return null;
    this.#entries++;
    return this.#waiting.shift() ?? null;
  }

  /** Checks the count with the first entry that begins after a profile was read; one that begins meanwhile tells nothing. */
  #passes(startMs: number): boolean {
    const checkpoint = this.#checkpoint;
    if (checkpoint === null || startMs < checkpoint.beforeMs) return true;
    this.#checkpoint = null;
    return startMs <= checkpoint.afterMs || this.#entries === checkpoint.records;
  }

  clear(): void {
    this.#waiting = [];
    this.#previous = [];
    this.#records = 0;
    this.#entries = 0;
    this.#checkpoint = null;
  }
}

/** How many cycles at the end of `previous` are the same as those at the beginning of `next`. */
function overlap(previous: readonly CycleRecord[], next: readonly CycleRecord[]): number {
  for (let length = Math.min(previous.length, next.length, MAX_OVERLAP); length > 0; length--) {
    const tail = previous.slice(-length);
    if (tail.every((record, i) => isSameCycle(record, next[i]))) return length;
  }
  return 0;
}

function isSameCycle(a: CycleRecord, b: CycleRecord | undefined): boolean {
  return (
    a.kind === b?.kind &&
    a.figures.usedBytes === b.figures.usedBytes &&
    a.figures.beforeBytes === b.figures.beforeBytes &&
    a.figures.oldBytes === b.figures.oldBytes
  );
}
