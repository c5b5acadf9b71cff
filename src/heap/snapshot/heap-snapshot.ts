import type { SampledMembers } from './ratio-texts.js';
import type { StringTable } from './string-table.js';

/** V8's node types, in our own order: V8 versions number them differently. */
export const NODE_TYPES = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
  'concatenated string',
  'sliced string',
  'symbol',
  'bigint',
  'object shape',
  'wasm object',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

export const EDGE_TYPES = [
  'context',
  'element',
  'property',
  'internal',
  'hidden',
  'shortcut',
  'weak',
] as const;
export type EdgeType = (typeof EDGE_TYPES)[number];

/** Type → its code in the columns: its index in the list. */
export const NODE = codes(NODE_TYPES);
export const EDGE = codes(EDGE_TYPES);

function codes<T extends string>(types: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(types.map((type, code) => [type, code])) as Record<T, number>;
}

/** A label combines an edge's type (the three highest bits) and its name (the other bits). */
export const LABEL_NAME_BITS = 29;
export const MAX_EDGE_NAME = 2 ** LABEL_NAME_BITS - 1;

/** Index into EDGE_TYPES. */
export const labelType = (label: number): number => label >>> LABEL_NAME_BITS;
/** String index of an edge's name; for element and hidden edges the index itself, clamped to MAX_EDGE_NAME. */
export const labelName = (label: number): number => label & MAX_EDGE_NAME;
export const labelOf = (type: number, name: number): number => ((type << LABEL_NAME_BITS) | name) >>> 0;

/** Marks a size of at least this value; the true size is in `hugeSizes`. */
export const HUGE_SIZE = 0xffff_ffff;

/** Where functions and the constructors of objects are defined. Row 0 means "not known". */
export interface SourceLocations {
  /** LocationIndex → V8's id of the script. */
  readonly scriptId: Uint32Array;
  /** LocationIndex → line, from 0. */
  readonly line: Uint32Array;
  /** LocationIndex → column, from 0. */
  readonly column: Uint32Array;
}

/**
 * One heap as columns. Their lengths are the counts; `firstEdge` has one more entry. Nodes of one shape have the same
 * edge names in the same order, so each such list of labels is stored once: the label of edge `e` of node `n` is
 * `labels[firstLabel[n] + e - firstEdge[n]]`. This takes 19 bytes a node and 4 an edge.
 */
export interface HeapSnapshot {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** NodeOrdinal → index into NODE_TYPES; unknown types become `hidden`. */
  readonly nodeType: Uint8Array;
  /** NodeOrdinal → string index of its name; for string nodes the text is dropped. */
  readonly nodeName: Uint32Array;
  /** NodeOrdinal → shallow size, bytes; HUGE_SIZE means that it is in `hugeSizes`. See `sizeOf`. */
  readonly selfSize: Uint32Array;
  /** NodeOrdinal → shallow size, bytes, of nodes of 4 GiB and more. */
  readonly hugeSizes: ReadonlyMap<number, number>;
  /** NodeOrdinal → V8's id as DevTools shows it (`@id`); null unless asked for. */
  readonly nodeId: Uint32Array | null;
  /** NodeOrdinal → LocationIndex where a function, or the constructor of an object, is defined; 0 means not known. */
  readonly nodeLocation: Uint16Array | Uint32Array;
  readonly locations: SourceLocations;
  /** NodeOrdinal → its first EdgeIndex; entry `nodeCount` is the edge count. */
  readonly firstEdge: Uint32Array;
  /** NodeOrdinal → index into `labels` for its first edge. */
  readonly firstLabel: Uint32Array;
  /** EdgeIndex → NodeOrdinal it points to. */
  readonly edgeTo: Uint32Array;
  /** Lists of labels, see above; decode with `labelType` and `labelName`. */
  readonly labels: Uint32Array;
  readonly strings: StringTable;
  /**
   * NodeOrdinal of each collection that a sampled capture truncated → its members in the file and its true members;
   * null in a snapshot of the whole heap. The columns describe what is in the file.
   */
  readonly sampled: ReadonlyMap<number, SampledMembers> | null;
}

/** The label of an edge of this node. Loops over all edges of a node should add `firstLabel[n] - firstEdge[n]` once. */
export function labelAt({ labels, firstLabel, firstEdge }: HeapSnapshot, node: number, edge: number): number {
  return labels[firstLabel[node]! + edge - firstEdge[node]!]!;
}

export const nameOf = ({ nodeName, strings }: HeapSnapshot, node: number): string =>
  strings.text(nodeName[node]!);

/** Shallow size of a node, bytes. */
export function sizeOf({ selfSize, hugeSizes }: HeapSnapshot, node: number): number {
  const size = selfSize[node]!;
  return size === HUGE_SIZE ? (hugeSizes.get(node) ?? size) : size;
}
