import type { ParsedArguments } from './arguments.js';
import { EXIT_CODES } from './exit-codes.js';

/** What a command may touch of the world; `main.ts` has the real one. */
export interface CommandWorld {
  /** Called once, with the whole output. */
  readonly print: (text: string) => void;
  /** One or more lines for a person, on why there is no output. */
  readonly complain: (text: string) => void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stderr: StatusStream;
}

/** The part of a terminal that a progress bar needs. */
export interface StatusStream {
  readonly isTTY?: boolean | undefined;
  /** Characters a line; unknown if the stream is no terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Resolves to the exit code. */
  run(args: readonly string[], world: CommandWorld): Promise<number>;
}

interface CommandSpec<T> {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  parse(args: readonly string[]): ParsedArguments<T>;
  run(args: T, world: CommandWorld): number | Promise<number>;
}

/** A command that prints its help on `--help`, and with the reason when its arguments are wrong. */
export function defineCommand<T>({ name, summary, help, parse, run }: CommandSpec<T>): Command {
  return {
    summary,
    async run(args, world) {
      const parsed = parse(args);
      if (parsed.outcome === 'run') return run(parsed.arguments, world);
      if (parsed.outcome === 'help') {
        world.print(help);
        return EXIT_CODES.clean;
      }
      world.complain(`leakwatch ${name}: ${parsed.reason}\n${help}`);
      return EXIT_CODES.usage;
    },
  };
}
