/** What the program `leakwatch` ends with. */
export const EXIT_CODES = { clean: 0, usage: 2 } as const;
