import { type Column, wordsColumn } from './column.js';
import { EDGE, LABEL_NAME_BITS, MAX_EDGE_NAME } from './heap-snapshot.js';
import type { NumberBatch, RecordSink, WrongRecord } from './number-section.js';
import { mixHash, SharedLists } from './shared-lists.js';
import { snapshotError } from './snapshot-error.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const UNKNOWN = 0xff;

/** Collects edge records, checks each against the header and the nodes, and shares equal lists of labels. */
export class EdgeColumns implements RecordSink {
  readonly to: Column<Uint32Array>;
  readonly firstLabel: Column<Uint32Array>;
  readonly lists = new SharedLists();
  largestName = 0;
  readonly #meta: SnapshotMeta;
  readonly #firstEdge: Uint32Array;
  readonly #types: Uint8Array;
  /** The node whose edges are being read, where its list of labels begins, and the hash of the list so far. */
  #node = 0;
  #begin = 0;
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

  /** Hot. Works node by node, with its state in local variables. */
  take({ values, records }: NumberBatch): WrongRecord | null {
    const { edgeFields, nodeFields, nodeCount, edgeCount } = this.#meta;
    const { type: typeAt, name: nameAt, to: toAt } = this.#meta.edge;
    const begin = this.to.length;
    if (begin + records > edgeCount)
      return { record: edgeCount - begin, what: `there are more than ${edgeCount} edges` };
    this.to.reserve(records);
    this.lists.items.reserve(records);
    const edgeTypes = this.#types;
    const edgeTo = this.to.values;
    const firstEdge = this.#firstEdge;
    const labels = this.lists.items.values;
    let largestName = this.largestName;
    let node = this.#node;
    let end = this.lists.items.length;
    let hash = this.#hash;
    for (let record = 0; record < records; ) {
      // The nodes' edge counts add up to the header's, so every edge has a node.
      while (firstEdge[node + 1]! <= begin + record) {
        node++;
        this.#begin = end;
        hash = 0;
      }
      const last = firstEdge[node + 1]! - begin;
      const stop = Math.min(records, last);
      for (; record < stop; record++) {
        const row = record * edgeFields;
        const type = edgeTypes[values[row + typeAt]!] ?? UNKNOWN;
        if (type === UNKNOWN) return { record, what: 'an edge has a type that the header does not list' };
        const offset = values[row + toAt]!;
        const target = (offset / nodeFields) >>> 0;
        if (target * nodeFields !== offset || target >= nodeCount)
          return { record, what: 'an edge points to no node' };
        let name = values[row + nameAt]!;
        // An element or hidden edge may carry any index. One too large for the column is clamped; nothing depends on
        // it.
        if (type === EDGE.element || type === EDGE.hidden) {
          if (name > MAX_EDGE_NAME) name = MAX_EDGE_NAME;
        } else if (name > largestName) {
          if (name > MAX_EDGE_NAME) return { record, what: 'a name lies outside the string table' };
          largestName = name;
        }
        const label = (type << LABEL_NAME_BITS) | name;
        labels[end++] = label;
        hash = mixHash(hash, label);
        edgeTo[begin + record] = target;
      }
      if (stop < last) break;
      const first = this.lists.close(this.#begin, end, hash);
      this.firstLabel.values[node] = first;
      if (first !== this.#begin) end = this.#begin;
    }
    this.to.length = begin + records;
    this.lists.items.length = end;
    this.largestName = largestName;
    this.#node = node;
    this.#hash = hash;
    return null;
  }

  end(byteOffset: number): void {
    const { edgeCount } = this.#meta;
    if (this.to.length !== edgeCount)
      throw snapshotError(byteOffset, `there are ${this.to.length} edges where the header says ${edgeCount}`);
  }
}
