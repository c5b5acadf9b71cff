import type { SourceLocations } from './heap-snapshot.js';
import type { NumberBatch, RecordSink, WrongRecord } from './number-section.js';
import { mixHash, SharedLists } from './shared-lists.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const MAX_SHORT = 0xffff;
/** Numbers per place: script, line, column. */
const PARTS = 3;

/** Collects the places where functions and constructors are defined, each place once. */
export class LocationColumns implements RecordSink {
  ofNode: Uint16Array | Uint32Array;
  readonly #meta: SnapshotMeta;
  readonly #places = new SharedLists();

  constructor(meta: SnapshotMeta) {
    this.#meta = meta;
    this.ofNode = new Uint16Array(meta.nodeCount);
    // Row 0 means "not known": script ids start at 1.
    this.#place(0, 0, 0);
  }

  get locations(): SourceLocations {
    const places = this.#places.items.finish();
    const part = (at: number) => places.filter((_, index) => index % PARTS === at);
    return { scriptId: part(0), line: part(1), column: part(2) };
  }

  take({ values, records }: NumberBatch): WrongRecord | null {
    const { location: at, locationFields, nodeFields, nodeCount } = this.#meta;
    if (at === null) return null;
    for (let record = 0; record < records; record++) {
      const row = record * locationFields;
      const offset = values[row + at.object]!;
      const node = Math.floor(offset / nodeFields);
      if (node * nodeFields !== offset || node >= nodeCount)
        return { record, what: 'a location belongs to no node' };
      const place = this.#place(values[row + at.scriptId]!, values[row + at.line]!, values[row + at.column]!);
      if (place > MAX_SHORT && this.ofNode instanceof Uint16Array)
        this.ofNode = Uint32Array.from(this.ofNode);
      this.ofNode[node] = place;
    }
    return null;
  }

  #place(scriptId: number, line: number, column: number): number {
    const { items } = this.#places;
    const begin = items.length;
    items.push(scriptId);
    items.push(line);
    items.push(column);
    return (
      this.#places.close(begin, items.length, mixHash(mixHash(mixHash(PARTS, scriptId), line), column)) /
      PARTS
    );
  }
}
