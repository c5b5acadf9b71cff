/**
 * The difference between two or more snapshots of one program, which may come from different processes: objects are
 * matched by path and class, never by id. One graph is in memory at a time; of the earlier ones only a compact tree is kept.
 */
import { systemClock } from '../runtime/clock.js';
import { type AnalysisFailure, type AnalysisStep, analyze, type SnapshotTotals } from './analysis.js';
import type { AnalysisNote } from './analysis-failure.js';
import { findAccumulations, isScaled } from './growth/accumulation.js';
import type { ClassGrowth } from './growth/class-growth.js';
import { type GrowthSeries, growthOf, MAX_STEPS } from './growth/growth-series.js';
import { decodeSeries } from './growth/series-codec.js';
import { artefactOf, artefactsLast } from './naming/artefact.js';
import { pathHolder } from './naming/holder.js';
import { mainRow, retainerPath } from './naming/retainer-path.js';
import { programMismatch } from './program-mismatch.js';
import type { Suspect } from './suspects/suspect.js';

export const MAX_SNAPSHOTS = MAX_STEPS;
/** Paths listed; the smallest ones are left out. */
const MAX_PATHS = 20;

/** A path with more members in the last snapshot than in the first: the topmost one, where they accumulate. */
export interface PathDifference
  extends Pick<Suspect, 'className' | 'holder' | 'retainerPath' | 'scaled' | 'artefact'> {
  /** Members, or entries of the collection: in the first snapshot and in the last. */
  readonly counts: readonly [number, number];
  /** Shallow bytes of the members and of everything first reached through them: in the first snapshot and in the last. */
  readonly bytes: readonly [number, number];
  /** Growth in bytes, tables of the collection included, without that of other listed paths. */
  readonly gainedBytes: number;
}

export type SnapshotComparison =
  | {
      readonly outcome: 'success';
      /** One entry a snapshot, in the order given. */
      readonly snapshots: readonly SnapshotTotals[];
      /** What grew at each of the latest two steps or more, worst first, at most 20; empty for two snapshots. `atMs` of a step is the number of its snapshot, from 0. */
      readonly suspects: readonly Suspect[];
      /** What the last snapshot has more of than the first, most bytes first, V8's own and tools' last, at most 20. */
      readonly paths: readonly PathDifference[];
      /** One figure a snapshot; most grown first, at most 8,000 rows. */
      readonly classes: readonly ClassGrowth[];
      readonly notes: readonly AnalysisNote[];
      readonly elapsedMs: number;
    }
  /** `snapshot`: number of the snapshot at which it ended, from 0. */
  | (AnalysisFailure & { readonly snapshot: number });

/**
 * Compares 2 to 16 snapshots, oldest first: each the bytes of a `.heapsnapshot` in chunks of any size, read one after
 * the other. Throws a RangeError for another number of them; everything else that goes wrong becomes a failure.
 */
export async function compareSnapshots(
  snapshots: readonly AsyncIterable<Uint8Array>[],
  onProgress: (snapshot: number, step: AnalysisStep) => void = () => {},
  signal?: AbortSignal,
): Promise<SnapshotComparison> {
  if (snapshots.length < 2 || snapshots.length > MAX_SNAPSHOTS)
    throw new RangeError(`A comparison takes 2 to ${MAX_SNAPSHOTS} snapshots, not ${snapshots.length}.`);
  const begin = systemClock.monotonicMs();
  const elapsed = () => systemClock.monotonicMs() - begin;
  const totals: SnapshotTotals[] = [];
  const notes = new Map<string, AnalysisNote>();
  let bytes: Uint8Array | null = null;
  let series: GrowthSeries | null = null;
  let suspects: readonly Suspect[] = [];
  for (const [index, snapshot] of snapshots.entries()) {
    const input = { snapshot, previous: bytes, capturedAtMs: index };
    const result = await analyze(input, (step) => onProgress(index, step), signal);
    if (result.outcome === 'failure') return { ...result, snapshot: index, elapsedMs: elapsed() };
    bytes = result.series;
    suspects = result.suspects.filter(isBeyondItsPast);
    const { nodes, edges, heapBytes, scaled } = result;
    totals.push({ nodes, edges, heapBytes, ...(scaled === true ? { scaled } : {}) });
    for (const note of result.notes ?? []) notes.set(JSON.stringify(note), note);
    series = decodeSeries(bytes);
    const mismatch = series === null ? null : programMismatch(series.classes);
    if (mismatch === null) continue;
    const failure = { snapshot: index, step: 'comparing', cause: mismatch } as const;
    return { outcome: 'failure', ...failure, elapsedMs: elapsed() };
  }
  return {
    outcome: 'success',
    snapshots: totals,
    suspects,
    paths: series === null ? [] : pathDifferences(series),
    classes: series === null ? [] : series.classes.toSorted((a, b) => growthOf(b.bytes) - growthOf(a.bytes)),
    notes: [...notes.values()],
    elapsedMs: elapsed(),
  };
}

/** Members that rose only back to an earlier number come and go, as batches do. */
function isBeyondItsPast({ steps, risingSteps }: Suspect): boolean {
  const before = steps.slice(0, steps.length - risingSteps);
  return steps.at(-1)!.count > Math.max(0, ...before.map(({ count }) => count));
}

function pathDifferences(series: GrowthSeries): readonly PathDifference[] {
  const ends = firstAndLast(series);
  const { nodes } = ends;
  return findAccumulations(ends)
    .map((accumulation): PathDifference => {
      const { counts, bytes, gainedBytes } = accumulation;
      const row = mainRow(nodes, accumulation);
      const className = row === null ? 'object' : nodes[row]!.className;
      const path = retainerPath(nodes, accumulation, className);
      return {
        className,
        holder: pathHolder(path),
        retainerPath: path,
        counts: [counts[0]!, counts.at(-1)!],
        bytes: [bytes[0]!, bytes.at(-1)!],
        ...(isScaled(accumulation, ends) ? { scaled: true } : {}),
        gainedBytes,
        artefact: artefactOf(nodes, accumulation),
      };
    })
    .sort(
      (a, b) =>
        artefactsLast(a, b) ||
        b.gainedBytes - a.gainedBytes ||
        b.counts[1] - b.counts[0] - (a.counts[1] - a.counts[0]),
    )
    .slice(0, MAX_PATHS);
}

/**
 * The same series with its ends only. Growth counts from two rising steps on: a value half way between makes two steps of
 * one, and changes neither the gains nor their ratios.
 */
function firstAndLast(series: GrowthSeries): GrowthSeries {
  const ends = (values: readonly number[]) => {
    const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0];
    return [first, (first + last) / 2, last];
  };
  return {
    times: ends(series.times),
    heapBytes: ends(series.heapBytes),
    classes: [],
    nodes: series.nodes.map((node) => ({
      ...node,
      counts: ends(node.counts),
      bytes: ends(node.bytes),
      entries: ends(node.entries),
    })),
  };
}
