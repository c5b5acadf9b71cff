import type { StringTable } from './string-table.js';

/** V8's node types, in an order of our own: files of different versions number them differently. */
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

export const nodeTypeCode = (type: NodeType): number => NODE_TYPES.indexOf(type);
export const edgeTypeCode = (type: EdgeType): number => EDGE_TYPES.indexOf(type);

/** One heap as columns. Arrays are as long as the counts say, `firstEdge` one longer. */
export interface HeapSnapshot {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** NodeOrdinal → index into NODE_TYPES; types this table does not know become `hidden`. */
  readonly nodeType: Uint8Array;
  /** NodeOrdinal → string index of its name; the text is dropped for string nodes. */
  readonly nodeName: Uint32Array;
  /** NodeOrdinal → shallow size, bytes. */
  readonly selfSize: Float64Array;
  /** NodeOrdinal → its first EdgeIndex; entry `nodeCount` is the edge count. */
  readonly firstEdge: Uint32Array;
  /** EdgeIndex → index into EDGE_TYPES; types this table does not know become `hidden`. */
  readonly edgeType: Uint8Array;
  /** EdgeIndex → string index of its name; the number itself for element and hidden edges. */
  readonly edgeName: Uint32Array;
  /** EdgeIndex → NodeOrdinal it points to. */
  readonly edgeTo: Uint32Array;
  readonly strings: StringTable;
}
