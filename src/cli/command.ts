/** What a command may touch of the world; `main.ts` has the real one. */
export interface CommandWorld {
  /** Called once, with the whole output. */
  readonly print: (text: string) => void;
  /** One or more lines for a person who sees why there is no output. */
  readonly complain: (text: string) => void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stderr: StatusStream;
}

/** The part of a terminal that a progress bar needs. */
export interface StatusStream {
  readonly isTTY?: boolean | undefined;
  /** Characters a line; not known where it is no terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Resolves to the exit code. */
  run(args: readonly string[], world: CommandWorld): Promise<number>;
}
