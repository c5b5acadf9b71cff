import type { Reason } from '../findings/reason.js';

/** One sentence without its full stop; where something would change the verdict, that as well. */
export type Words = string | readonly [sentence: string, until: string];

/** The words of these rules: an entry for each thing that one of them says. */
export type WordsOf<R extends Reason['rule']> = {
  readonly [K in Extract<Reason, { readonly rule: R }> as `${K['rule']}: ${K['says']}`]: (reason: K) => Words;
};
