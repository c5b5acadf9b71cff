import type { Preview } from './preview.js';

/** What became of an expression. */
export type Evaluated =
  | { readonly outcome: 'value' | 'thrown'; readonly preview: Preview }
  /** A statement, which has no value. */
  | { readonly outcome: 'done' }
  /** V8 could not prove that it changes nothing, and ended it. */
  | { readonly outcome: 'refused' }
  /** It ran for too long, and was ended. */
  | { readonly outcome: 'timeout' }
  /** It waits for something, and goes on by itself. */
  | { readonly outcome: 'pending' }
  | { readonly outcome: 'syntax' | 'failed'; readonly message: string };

/** Why an expression was not run at all. */
export interface NotRun {
  readonly notRun: 'busy' | 'unsafe';
  readonly reason: string;
}
