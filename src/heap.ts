/**
 * The analysis engine, without a watcher: `parseSnapshotFile` (or `parseSnapshot` of any chunks) gives columns,
 * `buildHeapGraph` dominators and retained sizes, `heapHistogram` classes, `summarizeHeap` what is large and who holds
 * it, `compareSnapshots` what grew; `analyze` does the last one step at a time, with a few hundred KB kept in between.
 */
export { type ErrorCode, LeakwatchError } from './errors.js';
export { type AnalysisInput, type AnalysisResult, type AnalysisStep, analyze } from './heap/analysis.js';
export type { DominatorTree } from './heap/graph/dominator-tree.js';
export { buildHeapGraph, type HeapGraph, type HeapGraphOptions } from './heap/graph/heap-graph.js';
export type { Retainers } from './heap/graph/retainers.js';
export type { ClassGrowth } from './heap/growth/class-growth.js';
export type { ClassKey } from './heap/growth/class-key.js';
export type { ClassLocation } from './heap/growth/class-location.js';
export type { DominatedClass } from './heap/growth/dominator-growth.js';
export {
  type HeapClass,
  type HeapDominator,
  type HeapSummary,
  heapHistogram,
  type SizeSuspect,
  type SummaryStep,
  type SuspectHolder,
  summarizeHeap,
  type TruncatedCollections,
} from './heap/heap-summary.js';
export type { Fingerprint, PackageName, RetainerStep } from './heap/naming/retainer-step.js';
export {
  EDGE_TYPES,
  type EdgeType,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  NODE_TYPES,
  type NodeType,
  type SourceLocations,
  sizeOf,
} from './heap/snapshot/heap-snapshot.js';
export type { SampledMembers } from './heap/snapshot/ratio-texts.js';
export { parseSnapshotFile, readChunks } from './heap/snapshot/snapshot-file.js';
export { type ParseOptions, parseSnapshot } from './heap/snapshot/snapshot-parser.js';
export type { StringTable } from './heap/snapshot/string-table.js';
export {
  compareSnapshots,
  type PathDifference,
  type SnapshotComparison,
  type SnapshotTotals,
} from './heap/snapshot-comparison.js';
export type { MemberLocation } from './heap/sources/code-place.js';
export type { GrowthStep, Suspect } from './heap/suspects/suspect.js';
export type { Mechanism } from './mechanisms/mechanisms.js';
