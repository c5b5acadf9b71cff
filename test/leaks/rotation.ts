import { spawnSync } from 'node:child_process';

/** Each commit runs one of so many parts of the corpus. */
export const PARTS = 8;

interface Part<Program> {
  readonly taken: readonly Program[];
  readonly leftOut: readonly Program[];
}

/** The part whose turn it is: every PARTS-th program, so that each has leaking and healthy ones. */
export function partOf<Program>(corpus: readonly Program[], turn: number): Part<Program> {
  const isTaken = (_: Program, index: number) => index % PARTS === turn % PARTS;
  return {
    taken: corpus.filter(isTaken),
    leftOut: corpus.filter((program, index) => !isTaken(program, index)),
  };
}

/** Decided by the commit's hash, which a shallow clone has too; 0 outside of a repository. */
export function turnOfCommit(): number {
  const { stdout } = spawnSync('git', ['rev-parse', '--short=8', 'HEAD'], { encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 16) || 0;
}
