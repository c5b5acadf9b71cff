import { Column } from './column.js';
import { edgeTypeCode, type HeapSnapshot } from './heap-snapshot.js';
import { snapshotError } from './snapshot-error.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const HIDDEN = edgeTypeCode('hidden');
const ELEMENT = edgeTypeCode('element');
const MAX_UINT32 = 0xffff_ffff;

/** A table has about one string a name; a name far beyond that would only make us set aside memory. */
const SPARE_STRINGS = 1 << 20;

/** Collects node and edge records, checking each against the header and the nodes before it. */
export class GraphColumns {
  readonly #meta: SnapshotMeta;
  readonly #nodeType: Column<Uint8Array>;
  readonly #nodeName: Column<Uint32Array>;
  readonly #selfSize: Column<Float64Array>;
  readonly #firstEdge: Column<Uint32Array>;
  readonly #edgeType: Column<Uint8Array>;
  readonly #edgeName: Column<Uint32Array>;
  readonly #edgeTo: Column<Uint32Array>;
  #edgesDue = 0;
  #largestName = 0;
  #largestNameAt = 0;

  constructor(meta: SnapshotMeta) {
    this.#meta = meta;
    const bytes = (length: number) => new Uint8Array(length);
    const words = (length: number) => new Uint32Array(length);
    this.#nodeType = new Column(meta.nodeCount, bytes);
    this.#nodeName = new Column(meta.nodeCount, words);
    this.#selfSize = new Column(meta.nodeCount, (length) => new Float64Array(length));
    this.#firstEdge = new Column(meta.nodeCount + 1, words);
    this.#edgeType = new Column(meta.edgeCount, bytes);
    this.#edgeName = new Column(meta.edgeCount, words);
    this.#edgeTo = new Column(meta.edgeCount, words);
  }

  addNode(record: Float64Array, byteOffset: number): void {
    const { node, nodeTypes, nodeCount } = this.#meta;
    if (this.#nodeType.length === nodeCount)
      throw snapshotError(byteOffset, `there are more than ${nodeCount} nodes`);
    const type = nodeTypes[record[node.type]!];
    if (type === undefined)
      throw snapshotError(byteOffset, 'a node has a type that the header does not list');
    this.#firstEdge.push(this.#edgesDue);
    this.#edgesDue += record[node.edgeCount]!;
    if (this.#edgesDue > this.#meta.edgeCount) {
      throw snapshotError(byteOffset, `the nodes claim more than ${this.#meta.edgeCount} edges`);
    }
    this.#nodeType.push(type);
    this.#nodeName.push(this.#name(record[node.name]!, byteOffset));
    this.#selfSize.push(record[node.selfSize]!);
  }

  endNodes(byteOffset: number): void {
    const { nodeCount, edgeCount } = this.#meta;
    if (this.#nodeType.length !== nodeCount) {
      throw snapshotError(
        byteOffset,
        `there are ${this.#nodeType.length} nodes where the header says ${nodeCount}`,
      );
    }
    if (nodeCount === 0) throw snapshotError(byteOffset, 'there are no nodes');
    if (this.#edgesDue !== edgeCount) {
      throw snapshotError(
        byteOffset,
        `the nodes claim ${this.#edgesDue} edges where the header says ${edgeCount}`,
      );
    }
    this.#firstEdge.push(this.#edgesDue);
  }

  addEdge(record: Float64Array, byteOffset: number): void {
    const { edge, edgeTypes, edgeCount, nodeFields, nodeCount } = this.#meta;
    if (this.#edgeType.length === edgeCount)
      throw snapshotError(byteOffset, `there are more than ${edgeCount} edges`);
    const type = edgeTypes[record[edge.type]!];
    if (type === undefined)
      throw snapshotError(byteOffset, 'an edge has a type that the header does not list');
    const to = record[edge.to]! / nodeFields;
    if (!Number.isInteger(to) || to >= nodeCount)
      throw snapshotError(byteOffset, 'an edge points to no node');
    const name = record[edge.name]!;
    this.#edgeType.push(type);
    // A numbered edge may carry any index: one beyond the column is cut, nothing depends on it.
    this.#edgeName.push(
      type === ELEMENT || type === HIDDEN ? Math.min(name, MAX_UINT32) : this.#name(name, byteOffset),
    );
    this.#edgeTo.push(to);
  }

  endEdges(byteOffset: number): Omit<HeapSnapshot, 'strings'> {
    const { nodeCount, edgeCount } = this.#meta;
    if (this.#edgeType.length !== edgeCount) {
      throw snapshotError(
        byteOffset,
        `there are ${this.#edgeType.length} edges where the header says ${edgeCount}`,
      );
    }
    if (this.#largestName > 2 * (nodeCount + edgeCount) + SPARE_STRINGS) this.checkNames(0);
    return {
      nodeCount,
      edgeCount,
      nodeType: this.#nodeType.finish(),
      nodeName: this.#nodeName.finish(),
      selfSize: this.#selfSize.finish(),
      firstEdge: this.#firstEdge.finish(),
      edgeType: this.#edgeType.finish(),
      edgeName: this.#edgeName.finish(),
      edgeTo: this.#edgeTo.finish(),
    };
  }

  get stringsNeeded(): number {
    return this.#largestName + 1;
  }

  checkNames(strings: number): void {
    if (this.#largestName >= strings)
      throw snapshotError(this.#largestNameAt, 'a name lies outside the string table');
  }

  #name(index: number, byteOffset: number): number {
    if (index > this.#largestName) {
      if (index > MAX_UINT32) throw snapshotError(byteOffset, 'a name lies outside the string table');
      this.#largestName = index;
      this.#largestNameAt = byteOffset;
    }
    return index;
  }
}
