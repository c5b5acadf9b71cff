import { bytesColumn, type Column, wordsColumn } from './column.js';
import { HUGE_SIZE } from './heap-snapshot.js';
import { LARGE, type NumberBatch, type RecordSink, type WrongRecord } from './number-section.js';
import { snapshotError } from './snapshot-error.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const UNKNOWN = 0xff;

/** Collects node records and checks each against the header. */
export class NodeColumns implements RecordSink {
  readonly type: Column<Uint8Array>;
  readonly name: Column<Uint32Array>;
  readonly selfSize: Column<Uint32Array>;
  readonly id: Column<Uint32Array> | null;
  readonly firstEdge: Column<Uint32Array>;
  readonly hugeSizes = new Map<number, number>();
  largestName = 0;
  readonly #meta: SnapshotMeta;
  readonly #types: Uint8Array;
  #edgesDue = 0;

  constructor(meta: SnapshotMeta, ids: boolean) {
    this.#meta = meta;
    this.#types = Uint8Array.from(meta.nodeTypes);
    this.type = bytesColumn(meta.nodeCount);
    this.name = wordsColumn(meta.nodeCount);
    this.selfSize = wordsColumn(meta.nodeCount);
    this.id = ids && meta.node.id >= 0 ? wordsColumn(meta.nodeCount) : null;
    this.firstEdge = wordsColumn(meta.nodeCount + 1);
  }

  take({ values, records, large }: NumberBatch): WrongRecord | null {
    const { node: at, nodeFields, nodeCount, edgeCount } = this.#meta;
    const { type: typeAt, name: nameAt, selfSize: sizeAt, edgeCount: countAt, id: idAt } = at;
    const { type, name, selfSize, firstEdge, id } = this;
    const nodeTypes = this.#types;
    for (const column of [type, name, selfSize, firstEdge]) column.reserve(records);
    id?.reserve(records);
    const [types, names, sizes, firstEdges] = [type.values, name.values, selfSize.values, firstEdge.values];
    const ids = id?.values ?? null;
    let node = type.length;
    let largestName = this.largestName;
    let edgesDue = this.#edgesDue;
    for (let record = 0, row = 0; record < records; record++, row += nodeFields, node++) {
      const ownType = nodeTypes[values[row + typeAt]!] ?? UNKNOWN;
      const ownName = values[row + nameAt]!;
      if (node >= nodeCount) return { record, what: `there are more than ${nodeCount} nodes` };
      if (ownType === UNKNOWN) return { record, what: 'a node has a type that the header does not list' };
      if (ownName === LARGE) return { record, what: 'a name lies outside the string table' };
      if (ownName > largestName) largestName = ownName;
      types[node] = ownType;
      names[node] = ownName;
      const size = values[row + sizeAt]!;
      sizes[node] = size;
      if (size === HUGE_SIZE) this.hugeSizes.set(node, large.get(row + sizeAt)!);
      if (ids !== null) ids[node] = values[row + idAt]!;
      firstEdges[node] = edgesDue;
      edgesDue += values[row + countAt]!;
      if (edgesDue > edgeCount) return { record, what: `the nodes claim more than ${edgeCount} edges` };
    }
    for (const column of [type, name, selfSize, firstEdge]) column.length = node;
    if (id !== null) id.length = node;
    this.largestName = largestName;
    this.#edgesDue = edgesDue;
    return null;
  }

  end(byteOffset: number): void {
    const { nodeCount, edgeCount } = this.#meta;
    const counted = this.type.length;
    if (counted !== nodeCount)
      throw snapshotError(byteOffset, `there are ${counted} nodes where the header says ${nodeCount}`);
    if (nodeCount === 0) throw snapshotError(byteOffset, 'there are no nodes');
    if (this.#edgesDue !== edgeCount)
      throw snapshotError(
        byteOffset,
        `the nodes claim ${this.#edgesDue} edges where the header says ${edgeCount}`,
      );
    this.firstEdge.push(edgeCount);
  }
}
