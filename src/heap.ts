/**
 * The analysis engine, without a watcher: `parseSnapshotFile` (or `parseSnapshot` of any chunks) gives columns,
 * `buildHeapGraph` dominators and retained sizes, `heapHistogram` classes, `summarizeHeap` what is large and who holds
 * it, `compareSnapshots` what grew; `analyze` does the last one step at a time, with a few hundred KB kept in between.
 */
import { type AnalysisInput, type AnalysisStep, analyze as analyzeHeap } from './heap/analysis.js';
import type { HeapGraph } from './heap/graph/heap-graph.js';
import { type SummaryStep, summarizeHeap as summarizeGraph } from './heap/heap-summary.js';
import { compareSnapshots as compareHeaps } from './heap/snapshot-comparison.js';
import {
  type AnalysisResult,
  type HeapSummary,
  type SnapshotComparison,
  wordedAnalysis,
  wordedComparison,
  wordedSummary,
} from './wording/heap-results.js';

/** Runs the steps in order. Never throws: an error becomes a failure that names the step. */
export async function analyze(
  input: AnalysisInput,
  onProgress?: (step: AnalysisStep) => void,
  signal?: AbortSignal,
): Promise<AnalysisResult> {
  return wordedAnalysis(await analyzeHeap(input, onProgress, signal));
}

/**
 * Compares 2 to 16 snapshots, oldest first: each the bytes of a `.heapsnapshot` in chunks of any size, read one after
 * the other. Throws a RangeError for another number of them; everything else that goes wrong becomes a failure.
 */
export async function compareSnapshots(
  snapshots: readonly AsyncIterable<Uint8Array>[],
  onProgress?: (snapshot: number, step: AnalysisStep) => void,
  signal?: AbortSignal,
): Promise<SnapshotComparison> {
  return wordedComparison(await compareHeaps(snapshots, onProgress, signal));
}

/** `dominators`: how many of the biggest are listed, up to 1000. Takes about 60 bytes a node while it works. */
export function summarizeHeap(
  graph: HeapGraph,
  options?: { readonly dominators?: number },
  onProgress?: (step: SummaryStep) => void,
): HeapSummary {
  return wordedSummary(summarizeGraph(graph, options, onProgress));
}

export { type ErrorCode, LeakwatchError } from './errors.js';
export type { AnalysisInput, AnalysisStep, SnapshotTotals } from './heap/analysis.js';
export type { FailureCause } from './heap/analysis-failure.js';
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
  heapHistogram,
  type SummaryStep,
  type SuspectHolder,
  type TruncatedCollections,
} from './heap/heap-summary.js';
export type { Artefact } from './heap/naming/artefact.js';
export type { Holder, Place } from './heap/naming/holder.js';
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
export type { MemberLocation } from './heap/sources/code-place.js';
export type { GrowthStep } from './heap/suspects/suspect.js';
export type { Mechanism } from './mechanisms/mechanisms.js';
export type {
  AnalysisResult,
  HeapSummary,
  PathDifference,
  SizeSuspect,
  SnapshotComparison,
  Suspect,
} from './wording/heap-results.js';
