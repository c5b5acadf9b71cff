import type { Accumulation } from '../growth/accumulation.js';
import type { Artefact } from '../naming/artefact.js';

export interface Candidate {
  readonly accumulation: Accumulation;
  readonly artefact: Artefact | null;
  /** Accumulations of other holders that hold the same members. */
  readonly others: readonly Accumulation[];
  /** Those of them whose bytes are not counted at this one. */
  readonly parts: readonly Accumulation[];
}

/** One candidate with others that are the same bug; their bytes are counted apart. */
export function withOthers(lead: Candidate, others: readonly Candidate[]): Candidate {
  return {
    ...lead,
    others: [...lead.others, ...others.flatMap((one) => [one.accumulation, ...one.others])],
    parts: [...lead.parts, ...others.flatMap((one) => [one.accumulation, ...one.parts])],
  };
}

/** Bytes gained by a candidate and by what was united with it. */
export function gainedBytes({ accumulation, parts }: Candidate): number {
  return parts.reduce((sum, part) => sum + part.gainedBytes, accumulation.gainedBytes);
}
