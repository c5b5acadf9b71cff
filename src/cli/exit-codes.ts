/** What the program `leakwatch` ends with. Ended by Ctrl-C it has no code of its own; shells say 130. */
export const EXIT_CODES = {
  /** Done; nothing grows. */
  clean: 0,
  /** Something grows. */
  growth: 1,
  /** An input could not be read or analysed. */
  failed: 2,
  /** The command line is wrong. */
  usage: 2,
} as const;
