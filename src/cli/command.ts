/** One command of `leakwatch`; `main.ts` alone prints and ends the process. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** Throws a `CommandError` for a person; anything else thrown is a bug. */
  run(args: readonly string[]): CommandResult | Promise<CommandResult>;
}

export interface CommandResult {
  readonly exitCode: number;
  /** The whole standard output, with its last newline. */
  readonly output: string;
  /** For stderr, without its last newline. */
  readonly note?: string;
}

/** Why a command has no result, in one line. */
export class CommandError extends Error {}

/** What is wrong with the arguments; the help follows it. */
export class UsageError extends CommandError {}
