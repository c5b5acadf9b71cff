import type { Reason } from '../findings/reason.js';

/** One sentence without its full stop, and what would change the verdict; null where nothing would. */
export type Words = readonly [sentence: string, until: string | null];
export type ReasonOf<R extends Reason['rule']> = Extract<Reason, { readonly rule: R }>;
