/**
 * What each route takes, as schemas that check it. zod takes 13 MB of memory, so this file is loaded with the first
 * request that needs it: a watcher that is only read never pays for it.
 */
import type { z } from 'zod';
import type { InputRouteName } from '../routes.js';

export interface InputSchema {
  /** Parameters of the query, each a string; null: the query is ignored. */
  readonly query: z.ZodType | null;
  /** The JSON body; null: none is read. */
  readonly body: z.ZodType | null;
}

export const INPUTS = {} as const satisfies Record<InputRouteName, InputSchema>;

type Output<T> = T extends z.ZodType ? z.output<T> : null;

/** What the handler of a route gets. */
export type InputOf<N> = N extends InputRouteName
  ? { readonly query: Output<(typeof INPUTS)[N]['query']>; readonly body: Output<(typeof INPUTS)[N]['body']> }
  : { readonly query: null; readonly body: null };
