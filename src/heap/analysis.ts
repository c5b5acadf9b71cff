import { LeakwatchError } from '../errors.js';
import { systemClock } from '../runtime/clock.js';
import type { AnalysisNote, FailureCause } from './analysis-failure.js';
import { shortestPaths } from './graph/shortest-path.js';
import type { ClassGrowth } from './growth/class-growth.js';
import { classHistogram } from './growth/class-histogram.js';
import { extendSeries, growthOf } from './growth/growth-series.js';
import { buildPathTree, type TracedHeap } from './growth/path-tree-builder.js';
import { sampledContent } from './growth/sampled-content.js';
import { decodeSeries, encodeSeries } from './growth/series-codec.js';
import { type MemoryShortage, memoryShortage, predictAnalysisBytes } from './memory-bound.js';
import { inSources } from './sites/suspect-sources.js';
import { sizeOf } from './snapshot/heap-snapshot.js';
import { parseSnapshot } from './snapshot/snapshot-parser.js';
import type { RawSite } from './sources/code-place.js';
import { rankSuspects } from './suspects/ranking.js';
import type { Suspect } from './suspects/suspect.js';

/** The steps of an analysis in the order they run. */
export type AnalysisStep = 'parsing' | 'linking' | 'tracing' | 'comparing' | 'ranking';

export interface AnalysisInput {
  /** The bytes of one `.heapsnapshot`, in chunks of any size. */
  readonly snapshot: AsyncIterable<Uint8Array>;
  /** `series` of the previous analysis of the same process, or null for the first. Opaque to everyone else. */
  readonly previous: Uint8Array | null;
  /** When the heap was captured, milliseconds since the Unix epoch. */
  readonly capturedAtMs: number;
  /**
   * How far the wall clock was set since the previous capture, milliseconds; default 0. Times before move with it, so that no rate
   * spans the step.
   */
  readonly clockStepMs?: number;
  /** Allocation sites of surviving memory in the watched process, most growth first; not yet mapped to sources. */
  readonly sites?: readonly RawSite[];
  /** Resident memory the analysis may reach, bytes; one that needs more fails before it allocates. */
  readonly memoryLimitBytes?: number;
}

/** Of a sampled snapshot `nodes` and `edges` are what is in the file; everything else is of the whole heap. */
export interface SnapshotTotals {
  readonly nodes: number;
  readonly edges: number;
  /** Sum of the shallow sizes of all nodes, bytes. */
  readonly heapBytes: number;
  /** True for a sampled snapshot: numbers of a collection's members are exact, other counts and all bytes are estimates. */
  readonly scaled?: boolean;
}

interface AnalysisSuccess extends SnapshotTotals {
  readonly outcome: 'success';
  /** How many snapshots the series holds now, this one included. */
  readonly snapshots: number;
  /** What grew at each of the latest two steps or more, worst first; empty before the third snapshot. At most 20. */
  readonly suspects: readonly Suspect[];
  /** Class growth, largest first, at most 50 rows. */
  readonly classes: readonly ClassGrowth[];
  /** Compact memory of all snapshots so far, for the next analysis. */
  readonly series: Uint8Array;
  readonly notes?: readonly AnalysisNote[];
  readonly elapsedMs: number;
}

export interface AnalysisFailure {
  readonly outcome: 'failure';
  readonly step: AnalysisStep;
  readonly cause: FailureCause;
  readonly elapsedMs: number;
}

export type AnalysisResult = AnalysisSuccess | AnalysisFailure;

const MAX_CLASS_ROWS = 50;

/** Runs the steps in order. Never throws: an error becomes a failure that names the step. */
export async function analyze(
  input: AnalysisInput,
  onProgress: (step: AnalysisStep) => void = () => {},
  signal?: AbortSignal,
): Promise<AnalysisResult> {
  const begin = systemClock.monotonicMs();
  const elapsed = () => systemClock.monotonicMs() - begin;
  let step: AnalysisStep = 'parsing';
  const enter = (next: AnalysisStep) => {
    signal?.throwIfAborted();
    step = next;
    onProgress(next);
  };
  try {
    enter('parsing');
    const snapshot = await parseSnapshot(input.snapshot, {
      signal,
      onCounts: (nodes, edges) => refuseTooLarge(nodes, edges, input.memoryLimitBytes),
    });
    enter('linking');
    const content = sampledContent(snapshot);
    const paths = shortestPaths(snapshot, content);
    enter('tracing');
    const heap = buildPathTree(snapshot, paths, content);
    enter('comparing');
    const notes: AnalysisNote[] = [];
    const previous = input.previous === null ? null : decodeSeries(input.previous);
    if (input.previous !== null && previous === null) notes.push({ kind: 'series-restarted' });
    const heapBytes = heapBytesOf(heap);
    const clockStepMs = input.clockStepMs ?? 0;
    const times = previous?.times.map((ms) => ms + clockStepMs) ?? [];
    const extended = extendSeries(previous && { ...previous, times }, {
      atMs: input.capturedAtMs,
      heapBytes,
      tree: heap.tree,
      classes: classHistogram(snapshot, heap.classes, heap.weights),
    });
    const encoded = encodeSeries(extended.series);
    const dropped = extended.dropped + encoded.dropped;
    if (dropped > 0) notes.push({ kind: 'paths-dropped', paths: dropped });
    if (heap.tree.cut > 0) notes.push({ kind: 'objects-beyond-tree', objects: heap.tree.cut });
    enter('ranking');
    return {
      outcome: 'success',
      nodes: snapshot.nodeCount,
      edges: snapshot.edgeCount,
      heapBytes,
      ...(content === null ? {} : { scaled: true }),
      snapshots: extended.series.times.length,
      suspects: inSources(rankSuspects(heap, extended), input.sites ?? []),
      classes: extended.series.classes
        .toSorted((a, b) => growthOf(b.bytes) - growthOf(a.bytes))
        .slice(0, MAX_CLASS_ROWS),
      series: encoded.bytes,
      notes,
      elapsedMs: elapsed(),
    };
  } catch (error) {
    return { outcome: 'failure', step, cause: causeOf(error, signal), elapsedMs: elapsed() };
  }
}

function heapBytesOf({ snapshot, weights }: TracedHeap): number {
  let bytes = 0;
  for (let node = 0; node < snapshot.nodeCount; node++) {
    bytes += weights === null ? sizeOf(snapshot, node) : weights.bytes[node]!;
  }
  return Math.round(bytes);
}

function refuseTooLarge(nodes: number, edges: number, limitBytes = Number.POSITIVE_INFINITY): void {
  const shortage = memoryShortage(predictAnalysisBytes(nodes, edges), limitBytes);
  if (shortage !== null)
    throw new LeakwatchError('LEAKWATCH_ERR_ANALYSIS_MEMORY', 'The heap is too large.', { cause: shortage });
}

/** Messages of our own hold nothing of the heap's content; of other errors only the name is passed on. */
function causeOf(error: unknown, signal: AbortSignal | undefined): FailureCause {
  if (signal?.aborted === true) return { kind: 'cancelled' };
  if (error instanceof LeakwatchError)
    return error.code === 'LEAKWATCH_ERR_ANALYSIS_MEMORY'
      ? (error.cause as MemoryShortage)
      : { kind: 'format', message: error.message };
  return { kind: 'error', name: error instanceof Error ? error.name : 'unknown' };
}
