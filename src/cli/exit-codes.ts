/** Exit codes of `leakwatch`. After Ctrl-C, shells report 130. */
export const EXIT_CODES = {
  /** Done; nothing grows, no leak found. */
  clean: 0,
  /** Something grows, or a leak was found. */
  growth: 1,
  /** An input could not be read or analysed, or a program could not be watched. */
  failed: 2,
  /** The command line is wrong. */
  usage: 2,
  /** Ctrl-C ended what a service was asked to do. */
  interrupted: 130,
} as const;
