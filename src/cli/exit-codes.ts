/** What the program `leakwatch` ends with. Ended by Ctrl-C it has no code of its own; shells say 130. */
export const EXIT_CODES = {
  /** Done; nothing grows, no leak was found. */
  clean: 0,
  /** Something grows, or a leak was found. */
  growth: 1,
  /** An input could not be read or analysed, or a program not be watched. */
  failed: 2,
  /** The command line is wrong. */
  usage: 2,
} as const;
