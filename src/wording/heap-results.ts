/** Results of the heap engine with words for people put next to their values. */
import type { AnalysisResult as RawAnalysis } from '../heap/analysis.js';
import type { SizeSuspect as RawSizeSuspect, HeapSummary as RawSummary } from '../heap/heap-summary.js';
import type {
  SnapshotComparison as RawComparison,
  PathDifference as RawDifference,
} from '../heap/snapshot-comparison.js';
import type { Suspect as RawSuspect } from '../heap/suspects/suspect.js';
import { failureText, noteText } from './analysis-text.js';
import { holderText } from './holder-text.js';

interface Owned {
  /** The holder as a person writes it: `MemoryStore.sessions`. */
  readonly owner: string;
}

export interface Suspect extends Owned, Omit<RawSuspect, 'alsoHeldBy'> {
  /** Other holders of the same members, as `owner` writes them; at most 4. Fixing one of them is not enough. */
  readonly alsoHeldBy?: readonly string[];
}

export interface PathDifference extends Owned, RawDifference {}

export interface SizeSuspect extends Owned, RawSizeSuspect {}

type Success<Result> = Extract<Result, { readonly outcome: 'success' }>;
type Failed<Result> = Extract<Result, { readonly outcome: 'failure' }> & {
  /** `cause`, as a sentence; says nothing of the heap's content. */
  readonly reason: string;
};

interface AnalysisSuccess extends Omit<Success<RawAnalysis>, 'suspects' | 'notes'> {
  /** What grew at each of the latest two steps or more, worst first; empty before the third snapshot. At most 20. */
  readonly suspects: readonly Suspect[];
  /** What the reader should know: a previous series that could not be used, paths given up at a bound. */
  readonly notes?: readonly string[];
}

export type AnalysisResult = AnalysisSuccess | Failed<RawAnalysis>;

export interface SnapshotGrowth extends Omit<Success<RawComparison>, 'suspects' | 'paths' | 'notes'> {
  /** What grew at each of the latest two steps or more, worst first, at most 20; empty for two snapshots. `atMs` of a step is the number of its snapshot, from 0. */
  readonly suspects: readonly Suspect[];
  /** What the last snapshot has more of than the first, most bytes first, V8's own and tools' last, at most 20. */
  readonly paths: readonly PathDifference[];
  /** What the reader should know: bounds that were reached. */
  readonly notes: readonly string[];
}

export type SnapshotComparison = SnapshotGrowth | Failed<RawComparison>;

export interface HeapSummary extends Omit<RawSummary, 'suspects'> {
  /** The program's first, then largest first, at most 20: size alone is suspect here, growth takes more than one snapshot. */
  readonly suspects: readonly SizeSuspect[];
}

export function wordedAnalysis(result: RawAnalysis): AnalysisResult {
  if (result.outcome === 'failure') return { ...result, reason: failureText(result.cause) };
  const { suspects, notes = [] } = result;
  return { ...result, suspects: suspects.map(wordedSuspect), notes: notes.map(noteText) };
}

export function wordedComparison(comparison: RawComparison): SnapshotComparison {
  if (comparison.outcome === 'failure') return { ...comparison, reason: failureText(comparison.cause) };
  const { suspects, paths, notes } = comparison;
  return {
    ...comparison,
    suspects: suspects.map(wordedSuspect),
    paths: paths.map((path) => ({ owner: holderText(path.holder), ...path })),
    notes: notes.map(noteText),
  };
}

export function wordedSummary(summary: RawSummary): HeapSummary {
  const suspects = summary.suspects.map((suspect) => ({ owner: holderText(suspect.place), ...suspect }));
  return { ...summary, suspects };
}

function wordedSuspect({ alsoHeldBy, ...suspect }: RawSuspect): Suspect {
  return {
    ...suspect,
    owner: holderText(suspect.holder),
    ...(alsoHeldBy === undefined ? {} : { alsoHeldBy: alsoHeldBy.map(holderText) }),
  };
}
