import { PACES, type Pace } from '../pace/pace.js';
import { type OptionTable, readOptions } from './arguments.js';
import { UsageError } from './command.js';
import { durationMs } from './duration.js';

const FAIL_ON = ['confirmed', 'suspected', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** Statuses of a finding that leaks. */
const STOP_ON = ['confirmed', 'suspected'] as const;
export type LeakStatus = (typeof STOP_ON)[number];

export interface RunArguments {
  /** The program and its arguments, at least one word. */
  readonly command: readonly [string, ...string[]];
  /** How long until the program is asked to end, milliseconds; null: it ends by itself. */
  readonly forMs: number | null;
  /** Null if none is given. */
  readonly pace: Pace | null;
  /** Null: none, `-`: standard output. */
  readonly json: string | null;
  readonly failOn: FailOn;
  readonly stopOn: LeakStatus | null;
}

const OPTIONS: OptionTable<RunArguments> = {
  for: { type: 'string', read: (value) => ({ forMs: durationMs(value, '--for') }) },
  pace: choice('--pace', PACES, (pace) => ({ pace })),
  json: {
    type: 'string',
    read: (json) => {
      if (json === '') throw new UsageError('--json takes a file, or - for standard output');
      return { json };
    },
  },
  'fail-on': choice('--fail-on', FAIL_ON, (failOn) => ({ failOn })),
  'stop-on': choice('--stop-on', STOP_ON, (stopOn) => ({ stopOn })),
};
const DEFAULTS = { forMs: null, pace: null, json: null, failOn: 'confirmed', stopOn: null } as const;

/** `[OPTION…] -- COMMAND [ARGUMENT…]`: whatever follows the first `--` is the command, word by word. */
export function parseRunArguments(args: readonly string[]): RunArguments {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const { options } = readOptions(args.slice(0, end), OPTIONS, (word) => {
    throw new UsageError(`put the command after --: leakwatch run -- ${word} …`);
  });
  const [program, ...rest] = args.slice(end + 1);
  if (program === undefined || program === '')
    throw new UsageError('name the command to run after --, such as -- node app.js');
  return { ...DEFAULTS, ...options, command: [program, ...rest] };
}

function choice<T extends string>(
  name: string,
  known: readonly T[],
  set: (value: T) => Partial<RunArguments>,
): OptionTable<RunArguments>[string] {
  return {
    type: 'string',
    read: (value) => {
      const found = known.find((one) => one === value);
      if (found === undefined) throw new UsageError(`${name} is one of ${known.join(', ')}`);
      return set(found);
    },
  };
}
