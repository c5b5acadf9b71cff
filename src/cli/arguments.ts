import { nearestName } from '../runtime/nearest-name.js';

const OPTIONS = ['--json', '--top', '--help'] as const;
const DEFAULT_TOP = 10;
const MAX_TOP = 1000;

export interface SnapshotArguments {
  readonly files: readonly string[];
  readonly json: boolean;
  /** Rows of each list, 1 to 1000. */
  readonly top: number;
}

export type ParsedArguments =
  | ({ readonly outcome: 'run' } & SnapshotArguments)
  | { readonly outcome: 'help' }
  | { readonly outcome: 'usage'; readonly reason: string };

/** `[--json] [--top N] FILE…` in any order; what follows `--` are files, and `-` is standard input. */
export function parseArguments(
  args: readonly string[],
  files: { readonly least: number; readonly most: number },
): ParsedArguments {
  const found: string[] = [];
  let json = false;
  let top = DEFAULT_TOP;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') {
      found.push(...args.slice(at + 1));
      break;
    }
    const [name, value] = splitOption(arg);
    if (arg === '-' || !arg.startsWith('-')) found.push(arg);
    else if (name === '--help' || name === '-h') return { outcome: 'help' };
    else if (arg === '--json') json = true;
    else if (name === '--top') {
      const text = value ?? args[++at] ?? '';
      top = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
      if (top < 1 || top > MAX_TOP) return usage(`--top takes a number from 1 to ${MAX_TOP}`);
    } else {
      return usage(unknownOption(name, OPTIONS));
    }
  }
  if (found.filter((file) => file === '-').length > 1) return usage('standard input can be read only once');
  if (found.length < files.least)
    return usage(files.least === 1 ? 'name a file' : `name at least ${files.least} files`);
  if (found.length > files.most)
    return usage(
      files.most === 1 ? 'takes one file' : `takes at most ${files.most} files: leave some in the middle out`,
    );
  return { outcome: 'run', files: found, json, top };
}

/** Why `name` is refused, with the nearest of the known ones. */
export function unknownOption(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return `unknown option '${name}'${near === null ? '' : `, did you mean ${near}?`}`;
}

/** `--name=value` → both; `--name` → the value undefined. */
export function splitOption(arg: string): readonly [string, string | undefined] {
  const equals = arg.indexOf('=');
  return equals < 0 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function usage(reason: string): ParsedArguments {
  return { outcome: 'usage', reason };
}
