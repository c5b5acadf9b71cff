import { type Column, wordsColumn } from './column.js';
import { mixHash, SharedLists } from './shared-lists.js';

/** Collects edges, and shares the lists of their labels between the nodes. */
export class EdgeColumns {
  readonly to: Column<Uint32Array>;
  readonly firstLabel: Column<Uint32Array>;
  readonly lists = new SharedLists();
  readonly #firstEdge: Uint32Array;
  /** Edges whose label is in a list. */
  #labelled = 0;
  /** The node whose edges are being labelled, where its list begins, and the list's hash so far. */
  #node = 0;
  #begin = 0;
  #hash = 0;

  /** `to`: the targets, where they lie already. */
  constructor(firstEdge: Uint32Array, edgeCount: number, to: Column<Uint32Array> = wordsColumn(edgeCount)) {
    this.#firstEdge = firstEdge;
    this.to = to;
    const nodeCount = firstEdge.length - 1;
    this.firstLabel = wordsColumn(nodeCount);
    this.firstLabel.reserve(nodeCount);
    this.firstLabel.length = nodeCount;
  }

  get count(): number {
    return this.#labelled;
  }

  /** Takes the labels of the next edges, in their order. Hot: node by node. */
  label(packed: Uint32Array, from: number, count: number): void {
    this.lists.items.reserve(count);
    const labels = this.lists.items.values;
    const firstEdge = this.#firstEdge;
    const begin = this.#labelled;
    let node = this.#node;
    let end = this.lists.items.length;
    let hash = this.#hash;
    for (let at = 0; at < count; ) {
      // The nodes' own counts add up to the header's: as long as edges come there is a node that has them.
      while (firstEdge[node + 1]! <= begin + at) {
        node++;
        this.#begin = end;
        hash = 0;
      }
      const last = firstEdge[node + 1]! - begin;
      const stop = Math.min(count, last);
      for (; at < stop; at++) {
        const label = packed[from + at]!;
        labels[end++] = label;
        hash = mixHash(hash, label);
      }
      if (stop < last) break;
      const first = this.lists.close(this.#begin, end, hash);
      this.firstLabel.values[node] = first;
      if (first !== this.#begin) end = this.#begin;
    }
    this.lists.items.length = end;
    this.#labelled = begin + count;
    this.#node = node;
    this.#hash = hash;
  }
}
