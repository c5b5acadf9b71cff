/** Bytes a node and an edge take at the peak: columns, and what finds the paths and compares them. Measured on a real heap of 2.8 million nodes. */
const BYTES_PER_NODE = 60;
const BYTES_PER_EDGE = 8;
/** What a process holds however small the heap it reads; measured, 48 to 57 MB at its start and 67 to 85 at its end (Node 20 to 26). */
const BYTES_AT_REST = 64 * 2 ** 20;

/**
 * The resident memory, bytes, that a process analysing a heap of this many nodes and edges comes to. Known from a
 * snapshot's header, before anything is set aside for it. An estimate: names and tables of growth are not in the header.
 */
export function predictAnalysisBytes(nodeCount: number, edgeCount: number): number {
  return BYTES_AT_REST + nodeCount * BYTES_PER_NODE + edgeCount * BYTES_PER_EDGE;
}

export interface MemoryShortage {
  readonly kind: 'memory';
  /** At least. */
  readonly neededBytes: number;
  readonly limitBytes: number;
}

/** Of an analysis that needs, or already holds, so many bytes; null where they fit. */
export function memoryShortage(neededBytes: number, limitBytes: number): MemoryShortage | null {
  return neededBytes <= limitBytes ? null : { kind: 'memory', neededBytes, limitBytes };
}
