import type { GcEvent } from './gc-source.js';

/** A full GC reported by a memwatch package, on the monotonic clock. */
export interface MajorReport {
  readonly usedBytes: number;
  readonly receivedMs: number;
  /** Null if the package reports no times; its reports are then matched to the cycles in order. */
  readonly timing: { readonly startMs: number; readonly pauseMs: number } | null;
}

/** Wall and monotonic clock are converted with millisecond precision; measured differences were below 2 ms. */
const SAME_CYCLE_MS = 5;
/** Events held while a report is awaited; beyond this they go on with the figures they have. */
const MAX_HELD = 256;
const MAX_REMEMBERED = 32;

/**
 * Joins two reports of the same cycles: the events of the built-in source (every kind, complete, in order), and the
 * reports of full GCs, which come through libuv's pool a little earlier or later. A full GC and everything after it is
 * held until its report arrives, so that the order is kept and each cycle is reported once.
 */
export class MajorJoin {
  #held: GcEvent[] = [];
  #reports: MajorReport[] = [];
  /** Full GCs that went on without their report, which may still come. */
  #unreported: GcEvent[] = [];

  /** True while something waits for its counterpart; `flush` ends the wait. */
  get waiting(): boolean {
    return this.#held.length > 0 || this.#reports.length > 0;
  }

  /** Takes a batch from the built-in source; returns the events that can go on. */
  events(batch: readonly GcEvent[]): readonly GcEvent[] {
    this.#held = this.#held.concat(batch);
    const ready = this.#settle();
    return this.#held.length > MAX_HELD ? [...ready, ...this.flush()] : ready;
  }

  /** Takes a report; returns the events that can go on. */
  report(report: MajorReport): readonly GcEvent[] {
    const late = this.#unreported.findIndex((event) => belongs(report, event));
    if (late >= 0) {
      this.#unreported.splice(0, late + 1);
      return [];
    }
    this.#reports.push(report);
    return this.#reports.length > MAX_HELD ? this.flush() : this.#settle();
  }

  /** Everything that waits: events with their own figures, and reports without an event as events. */
  flush(): readonly GcEvent[] {
    const ready: GcEvent[] = [];
    for (const event of this.#held) {
      // After a step of the wall clock the times no longer match; the order still does.
      const report = event.kind === 'major' ? this.#reports.shift() : undefined;
      ready.push(report === undefined ? event : joined(event, report));
      if (event.kind === 'major' && report === undefined) this.#unreported.push(event);
    }
    ready.push(...this.#reports.map(eventOf));
    this.#unreported = this.#unreported.slice(-MAX_REMEMBERED);
    this.#held = [];
    this.#reports = [];
    return ready;
  }

  #settle(): readonly GcEvent[] {
    const ready: GcEvent[] = [];
    for (let event = this.#held[0]; event !== undefined; event = this.#held[0]) {
      if (event.kind === 'major') {
        const major = event;
        const found = this.#reports.findIndex((report) => belongs(report, major));
        const [report] = found < 0 ? [] : this.#reports.splice(found, 1);
        if (report === undefined) break;
        event = joined(event, report);
      }
      ready.push(event);
      this.#held.shift();
    }
    return ready;
  }
}

function belongs(report: MajorReport, event: GcEvent): boolean {
  if (report.timing === null || event.figures?.usedBytes === report.usedBytes) return true;
  return Math.abs(report.timing.startMs - event.startMs) <= SAME_CYCLE_MS;
}

function joined(event: GcEvent, report: MajorReport): GcEvent {
  const { beforeBytes = null, oldBytes = null } = event.figures ?? {};
  return { ...event, figures: { usedBytes: report.usedBytes, beforeBytes, oldBytes } };
}

function eventOf(report: MajorReport): GcEvent {
  return {
    kind: 'major',
    startMs: report.timing?.startMs ?? report.receivedMs,
    pauseMs: report.timing?.pauseMs ?? 0,
    figures: { usedBytes: report.usedBytes, beforeBytes: null, oldBytes: null },
  };
}
