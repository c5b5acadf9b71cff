import { edgeTypeCode, LABEL_NAME_BITS, MAX_EDGE_NAME } from './heap-snapshot.js';
import type { NumberBatch, RecordSink, WrongRecord } from './number-section.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const HIDDEN = edgeTypeCode('hidden');
const ELEMENT = edgeTypeCode('element');
const UNKNOWN = 0xff;

/** Where the edges of one batch go: node ordinals into `to` from `toAt` on, labels into `labels` from its start. */
interface Room {
  readonly to: Uint32Array;
  readonly toAt: number;
  readonly labels: Uint32Array;
}

/** Checks edge records and makes a target and a label of each. */
export class EdgePacker implements RecordSink {
  largestName = 0;
  readonly #meta: SnapshotMeta;
  readonly #types: Uint8Array;
  readonly #room: (records: number) => Room;
  readonly #packed: (records: number) => void;
  #count = 0;

  /** `room` is asked for each batch, and `packed` told when it is filled. */
  constructor(meta: SnapshotMeta, room: (records: number) => Room, packed: (records: number) => void) {
    this.#meta = meta;
    this.#types = Uint8Array.from(meta.edgeTypes);
    this.#room = room;
    this.#packed = packed;
  }

  get count(): number {
    return this.#count;
  }

  /** Hot: what the loop needs stands in locals. */
  take({ values, records }: NumberBatch): WrongRecord | null {
    const { edge, edgeFields, edgeCount } = this.#meta;
    if (this.#count + records > edgeCount)
      return { record: edgeCount - this.#count, what: `there are more than ${edgeCount} edges` };
    const { nodeFields, nodeCount } = this.#meta;
    const { type: typeAt, name: nameAt, to: toFieldAt } = edge;
    const { to, toAt, labels } = this.#room(records);
    const edgeTypes = this.#types;
    let largestName = this.largestName;
    for (let record = 0; record < records; record++) {
      const row = record * edgeFields;
      const type = edgeTypes[values[row + typeAt]!] ?? UNKNOWN;
      if (type === UNKNOWN) return { record, what: 'an edge has a type that the header does not list' };
      const offset = values[row + toFieldAt]!;
      const target = (offset / nodeFields) >>> 0;
      if (target * nodeFields !== offset || target >= nodeCount)
        return { record, what: 'an edge points to no node' };
      let name = values[row + nameAt]!;
      // A numbered edge may carry any index: one beyond the column is cut, nothing depends on it.
      if (type === ELEMENT || type === HIDDEN) {
        if (name > MAX_EDGE_NAME) name = MAX_EDGE_NAME;
      } else if (name > largestName) {
        if (name > MAX_EDGE_NAME) return { record, what: 'a name lies outside the string table' };
        largestName = name;
      }
      labels[record] = (type << LABEL_NAME_BITS) | name;
      to[toAt + record] = target;
    }
    this.largestName = largestName;
    this.#count += records;
    this.#packed(records);
    return null;
  }
}
