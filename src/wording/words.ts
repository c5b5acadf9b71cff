import type { Reason } from '../findings/reason.js';

/** One sentence without its full stop; if something would change the verdict, also what that is. */
export type Words = string | readonly [sentence: string, until: string];

/** The words of these rules: one entry for each value of `says`. */
export type WordsOf<R extends Reason['rule']> = {
  readonly [K in Extract<Reason, { readonly rule: R }> as `${K['rule']}: ${K['says']}`]: (reason: K) => Words;
};
