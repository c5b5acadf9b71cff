import type { GraphProblem as NativeGraphProblem } from '../native/binding.js';

/** A check of the native writer that failed. */
export type GraphProblem = NativeGraphProblem;

/** What writes a graph: the addon, or V8's own generator, which takes ten times the CPU and twenty times the memory. */
export const GRAPH_WRITERS = ['native', 'v8'] as const;
export type GraphWriter = (typeof GRAPH_WRITERS)[number];

/** What the native writer begins with: V8's own roots, or objects that JavaScript can name. */
export const GRAPH_ROOTS = ['v8', 'javascript'] as const;
export type GraphRoots = (typeof GRAPH_ROOTS)[number];

/** Why V8's generator wrote a full graph, and not the addon. */
export type NativeRefusal =
  /** This Node.js does not export what the addon reads. */
  | { readonly cause: 'not-exported'; readonly symbol: string }
  /** A check of the graph failed: this V8 differs from what the addon knows. */
  | {
      readonly cause: 'graph-check';
      readonly problem: GraphProblem;
      readonly found: number;
      readonly expected: number;
    }
  /** The program has changed what the child uses of JavaScript, such as WeakRef. */
  | { readonly cause: 'graph-threw'; readonly message: string }
  /** Children that wrote natively were ended by signals. */
  | { readonly cause: 'graph-crash'; readonly signal: number };

/** How a graph was written. */
export type GraphSource =
  /** `roots`: null if it did not come to an end. */
  | { readonly writer: 'native'; readonly roots: GraphRoots | null }
  /** `refusal`: null where the addon was not meant to write it. */
  | { readonly writer: 'v8'; readonly refusal: NativeRefusal | null };
