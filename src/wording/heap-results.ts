/** Adds words for people to the values of the heap engine's results. */
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

/** Fields that get words; `alsoHeldBy` in the form of `owner`. */
interface Words {
  readonly suspects: readonly Suspect[];
  readonly paths: readonly PathDifference[];
  readonly notes: readonly string[];
  readonly alsoHeldBy: readonly string[];
}

type Worded<Result> = {
  readonly [Field in keyof Result]: Field extends keyof Words ? Words[Field] : Result[Field];
};

type Success<Result> = Extract<Result, { readonly outcome: 'success' }>;
type Failed<Result> = Extract<Result, { readonly outcome: 'failure' }> & {
  /** `cause`, as a sentence; says nothing of the heap's content. */
  readonly reason: string;
};

export interface Suspect extends Owned, Worded<RawSuspect> {}
export interface PathDifference extends Owned, RawDifference {}
export interface SizeSuspect extends Owned, RawSizeSuspect {}

export type AnalysisResult = Worded<Success<RawAnalysis>> | Failed<RawAnalysis>;
export type SnapshotGrowth = Worded<Success<RawComparison>>;
export type SnapshotComparison = SnapshotGrowth | Failed<RawComparison>;

export interface HeapSummary extends Omit<RawSummary, 'suspects'> {
  /** The program's own first, then largest first, at most 20. They are suspects by size alone: growth takes more than one snapshot. */
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
