import { type OptionTable, type ParsedArguments, readOptions, usage } from './arguments.js';

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
    read: (value) =>
      /^[1-9]\d{0,3}$/.test(value) && Number(value) <= MAX_TOP
        ? { top: Number(value) }
        : `--top takes a number from 1 to ${MAX_TOP}`,
  },
};

/** `[--json] [--top N] FILE…` */
export function parseSnapshotArguments(
  args: readonly string[],
  { least, most }: { readonly least: number; readonly most: number },
): ParsedArguments<SnapshotArguments> {
  const read = readOptions(args, OPTIONS);
  if (read.outcome !== 'read') return read;
  const { options, words: files } = read;
  if (files.filter((file) => file === '-').length > 1) return usage('standard input can be read only once');
  if (files.length < least) return usage(least === 1 ? 'name a file' : `name at least ${least} files`);
  if (files.length > most)
    return usage(most === 1 ? 'takes one file' : `takes at most ${most} files: leave out some in the middle`);
  return { outcome: 'run', arguments: { json: false, top: DEFAULT_TOP, ...options, files } };
}
