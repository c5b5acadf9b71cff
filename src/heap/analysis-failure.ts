import type { MemoryShortage } from './memory-bound.js';
import type { ProgramMismatch } from './program-mismatch.js';

/** Why an analysis or a comparison failed; holds nothing of the heap's content. */
export type FailureCause =
  | MemoryShortage
  | ProgramMismatch
  | { readonly kind: 'cancelled' }
  /** The snapshot is not well formed: `message` says how, and at which byte. */
  | { readonly kind: 'format'; readonly message: string }
  /** Anything else, by the name of its error. */
  | { readonly kind: 'error'; readonly name: string };

/** A limit of the analysis itself that the reader should know of. */
export type AnalysisNote =
  /** The previous series could not be read, so that a new one begins. */
  | { readonly kind: 'series-restarted' }
  /** Small paths that did not fit into the series. */
  | { readonly kind: 'paths-dropped'; readonly paths: number }
  /** Objects beyond the bounds of the path tree. */
  | { readonly kind: 'objects-beyond-tree'; readonly objects: number };
