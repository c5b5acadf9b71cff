import { type Column, wordsColumn } from './column.js';
import { edgeTypeCode, labelOf, MAX_EDGE_NAME } from './heap-snapshot.js';
import type { NumberBatch, RecordSink } from './number-section.js';
import { mixHash, SharedLists } from './shared-lists.js';
import { snapshotError } from './snapshot-error.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const HIDDEN = edgeTypeCode('hidden');
const ELEMENT = edgeTypeCode('element');
const UNKNOWN = 0xff;

/** Collects edge records, checking each against the header and the nodes; lists of labels are shared on the way. */
export class EdgeColumns implements RecordSink {
  readonly to: Column<Uint32Array>;
  readonly firstLabel: Column<Uint32Array>;
  readonly lists = new SharedLists();
  largestName = 0;
  readonly #meta: SnapshotMeta;
  readonly #firstEdge: Uint32Array;
  readonly #types: Uint8Array;
  /** The node whose edges are being read, its edges still to come, where its list begins and ends so far, and the list's hash. */
  #node = -1;
  #due = 0;
  #begin = 0;
  #end = 0;
  #hash = 0;

  constructor(meta: SnapshotMeta, firstEdge: Uint32Array) {
    this.#meta = meta;
    this.#firstEdge = firstEdge;
    this.#types = Uint8Array.from(meta.edgeTypes);
    this.to = wordsColumn(meta.edgeCount);
    this.firstLabel = wordsColumn(meta.nodeCount);
    this.firstLabel.reserve(meta.nodeCount);
    this.firstLabel.length = meta.nodeCount;
  }

  /** Hot: what the loop needs stands in locals. */
  take({ values, records }: NumberBatch): { record: number; what: string } | null {
    const { edge: at, edgeFields, nodeFields, nodeCount, edgeCount } = this.#meta;
    const { type: typeAt, name: nameAt, to: toAt } = at;
    const edgeTypes = this.#types;
    const perField = 1 / nodeFields;
    const { lists } = this;
    this.to.reserve(records);
    const edgeTo = this.to.values;
    const begin = this.to.length;
    let largestName = this.largestName;
    let due = this.#due;
    let hash = this.#hash;
    let labels = lists.items.values;
    let end = this.#end;
    if (begin + records > edgeCount)
      return { record: edgeCount - begin, what: `there are more than ${edgeCount} edges` };
    for (let record = 0, row = 0; record < records; record++, row += edgeFields) {
      if (due === 0) {
        due = this.#nextNode();
        hash = due;
        labels = lists.items.values;
        end = this.#begin;
      }
      const type = edgeTypes[values[row + typeAt]!] ?? UNKNOWN;
      if (type === UNKNOWN) return { record, what: 'an edge has a type that the header does not list' };
      const offset = values[row + toAt]!;
      // Half a field more makes up for the rounding of the reciprocal.
      const target = ((offset + 0.5) * perField) >>> 0;
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
      const label = labelOf(type, name);
      labels[end++] = label;
      hash = mixHash(hash, label);
      edgeTo[begin + record] = target;
      if (--due === 0) this.firstLabel.values[this.#node] = lists.close(this.#begin, end, hash);
    }
    this.to.length = begin + records;
    this.largestName = largestName;
    this.#due = due;
    this.#hash = hash;
    this.#end = end;
    return null;
  }

  /** The nodes' own counts add up to the header's: as long as edges are due there is a node that has them. */
  #nextNode(): number {
    const firstEdge = this.#firstEdge;
    let node = this.#node + 1;
    while (firstEdge[node + 1] === firstEdge[node]) node++;
    this.#node = node;
    this.#begin = this.lists.items.length;
    const due = firstEdge[node + 1]! - firstEdge[node]!;
    this.lists.items.reserve(due);
    return due;
  }

  end(byteOffset: number): void {
    const { edgeCount } = this.#meta;
    if (this.to.length !== edgeCount)
      throw snapshotError(byteOffset, `there are ${this.to.length} edges where the header says ${edgeCount}`);
  }
}
