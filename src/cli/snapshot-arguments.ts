import { type OptionTable, readOptions } from './arguments.js';
import { UsageError } from './command.js';

const DEFAULT_TOP = 10;
const MAX_TOP = 1000;

export interface SnapshotArguments {
  /** `-` is standard input. */
  readonly files: readonly string[];
  readonly json: boolean;
  /** Rows of each list, 1 to 1000. */
  readonly top: number;
}

const OPTIONS: OptionTable<SnapshotArguments> = {
  json: { type: 'boolean', read: () => ({ json: true }) },
  top: {
    type: 'string',
    read: (value) => {
      if (/^[1-9]\d{0,3}$/.test(value) && Number(value) <= MAX_TOP) return { top: Number(value) };
      throw new UsageError(`--top takes a number from 1 to ${MAX_TOP}`);
    },
  },
};

/** `[--json] [--top N] FILE…` */
export function parseSnapshotArguments(
  args: readonly string[],
  least: number,
  most: number,
): SnapshotArguments {
  const { options, words: files } = readOptions(args, OPTIONS);
  if (files.filter((file) => file === '-').length > 1)
    throw new UsageError('standard input can be read only once');
  if (files.length < least)
    throw new UsageError(least === 1 ? 'name a file' : `name at least ${least} files`);
  if (files.length > most)
    throw new UsageError(
      most === 1 ? 'takes one file' : `takes at most ${most} files: leave out some in the middle`,
    );
  return { json: false, top: DEFAULT_TOP, ...options, files };
}
