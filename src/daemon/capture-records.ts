import { type CaptureRecord, hasGraph } from '../capture/capture-record.js';

/** Captures kept for the report; metrics go on counting older ones. */
const MAX_GRAPHS = 32;
/** Probes and censuses come often and show little that the trend does not. */
const MAX_LOOKS = 8;

/** The latest captures: graphs within one bound, probes and censuses within another. */
export class CaptureRecords {
  #records: readonly CaptureRecord[] = [];

  add(record: CaptureRecord): void {
    const records = [...this.#records, record];
    const alike = records.filter(({ rung }) => hasGraph(rung) === hasGraph(record.rung));
    const oldest = alike.length > (hasGraph(record.rung) ? MAX_GRAPHS : MAX_LOOKS) ? alike[0] : undefined;
    this.#records = records.filter((each) => each !== oldest);
  }

  /** Newest last. */
  list(): readonly CaptureRecord[] {
    return this.#records;
  }
}

/** The record of a capture that was due and not taken. */
export function skippedCapture(
  about: Pick<CaptureRecord, 'atMs' | 'dumper' | 'rung' | 'trigger' | 'reason' | 'cause'>,
): CaptureRecord {
  return {
    ...about,
    id: `capture-skipped-${about.atMs.toString(36)}`,
    outcome: 'skipped',
    pauseMs: 0,
    durationMs: 0,
    analysisMs: 0,
    cpuSeconds: 0,
    peakBytes: 0,
    nodes: 0,
    retries: 0,
    writer: null,
    roots: null,
    writerReason: null,
  };
}
