import type { Holder } from '../heap/naming/holder.js';
import type { Finding } from './finding.js';

/** What the title says, together with the figures of the finding. */
export interface Headline {
  readonly says: 'grows' | 'stopped' | 'still-since-restart';
  readonly subject: Subject;
}

export type Subject =
  | { readonly of: 'path'; readonly holder: Holder }
  /** Of an earlier process: the words for its holder were stored. */
  | { readonly of: 'stored-path'; readonly owner: string }
  /** Growth outside the graph, of the finding's kind and class. */
  | { readonly of: 'series' }
  /** The finding's allocation site. */
  | { readonly of: 'site' };

/** What a title is made of. */
export interface Titled extends Pick<Finding, 'kind' | 'className' | 'growth' | 'allocationSites'> {
  readonly headline: Headline;
}
