import { PACES, type Pace } from '../pace/pace.js';
import { splitOption, unknownOption } from './arguments.js';

const FAIL_ON = ['confirmed', 'suspected', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The status of a finding that ends a run early. */
const STOP_ON = ['confirmed', 'suspected'] as const;
type StopOn = (typeof STOP_ON)[number];

export interface RunArguments {
  /** The program and its arguments, at least one word. */
  readonly command: readonly [string, ...string[]];
  /** After which the program is asked to end, milliseconds; null: it ends by itself. */
  readonly forMs: number | null;
  /** Null where none is asked for. */
  readonly pace: Pace | null;
  /** Null: none, `-`: standard output. */
  readonly json: string | null;
  readonly failOn: FailOn;
  readonly stopOn: StopOn | null;
}

type ParsedRun =
  | ({ readonly outcome: 'run' } & RunArguments)
  | { readonly outcome: 'help' }
  | { readonly outcome: 'usage'; readonly reason: string };

const SECOND_MS = 1000;
const UNITS_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  min: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
};
const LONGEST_MS = 7 * 24 * 3600 * SECOND_MS;

/** Option → how its value becomes arguments; a text says what is wrong with the value. */
const OPTIONS: Readonly<Record<string, (value: string) => Partial<RunArguments> | string>> = {
  '--for': (value) => {
    const forMs = durationMs(value);
    return forMs === null ? `--for takes a time such as 90s, 5m or 1h, up to 7 days` : { forMs };
  },
  '--pace': (value) => {
    const pace = PACES.find((one) => one === value);
    return pace === undefined ? oneOf('--pace', PACES) : { pace };
  },
  '--json': (value) => (value === '' ? '--json takes a file, or - for standard output' : { json: value }),
  '--fail-on': (value) => {
    const failOn = FAIL_ON.find((one) => one === value);
    return failOn === undefined ? oneOf('--fail-on', FAIL_ON) : { failOn };
  },
  '--stop-on': (value) => {
    const stopOn = STOP_ON.find((one) => one === value);
    return stopOn === undefined ? oneOf('--stop-on', STOP_ON) : { stopOn };
  },
};
const HELP_OPTIONS = ['--help', '-h'];

/** `[OPTION…] -- COMMAND [ARGUMENT…]`: what follows the first `--` is the command, word by word. */
export function parseRunArguments(args: readonly string[]): ParsedRun {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  let read: Partial<RunArguments> = {};
  for (let at = 0; at < options.length; at++) {
    const [name, inline] = splitOption(options[at]!);
    if (HELP_OPTIONS.includes(name)) return { outcome: 'help' };
    if (!name.startsWith('-')) return usage(`put the command after --: leakwatch run -- ${name} …`);
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option === undefined) return usage(unknownOption(name, [...Object.keys(OPTIONS), '--help']));
    const part = option(inline ?? valueAfter(options, at++));
    if (typeof part === 'string') return usage(part);
    read = { ...read, ...part };
  }
  const [program, ...rest] = end < 0 ? [] : args.slice(end + 1);
  if (program === undefined || program === '')
    return usage('name the command to run after --, such as -- node app.js');
  return {
    outcome: 'run',
    command: [program, ...rest],
    forMs: read.forMs ?? null,
    pace: read.pace ?? null,
    json: read.json ?? null,
    failOn: read.failOn ?? 'confirmed',
    stopOn: read.stopOn ?? null,
  };
}

/** Another option is no value: it was forgotten then, and the empty text is refused by every option. */
function valueAfter(options: readonly string[], at: number): string {
  const next = options[at + 1] ?? '';
  return next.startsWith('--') ? '' : next;
}

/** `90s`, `1.5m`, `5min`, `1h`; without a unit seconds. Null for anything else. */
function durationMs(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(s|m|min|h)?$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * UNITS_MS[match[2] ?? 's']!;
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}

function oneOf(option: string, known: readonly string[]): string {
  return `${option} is one of ${known.join(', ')}`;
}

function usage(reason: string): ParsedRun {
  return { outcome: 'usage', reason };
}
