import { CHILD_EXIT, GRAPH_PROBLEMS, type NativeGraph } from '../native/binding.js';
import type { ChildRun } from './forked-child.js';
import type { GraphRoots, NativeRefusal } from './graph-source.js';

/** After as many children in a row that crashed or threw while they wrote natively, V8's generator takes over for good. */
const MAX_CRASHES = 3;

/** Which writer the full graphs of this process get. Checks fail for good, because they say something about this V8. */
export class GraphWriters {
  readonly #graph: NativeGraph;
  #refusal: NativeRefusal | null = null;
  #crashes = 0;

  constructor(graph: NativeGraph) {
    this.#graph = graph;
  }

  /** Null as long as the addon is to write them. */
  get refusal(): NativeRefusal | null {
    return this.#refusal;
  }

  /** Before a fork: looks up what the addon needs, the first time. */
  async prepare(): Promise<NativeRefusal | null> {
    if (this.#refusal !== null) return this.#refusal;
    const symbol = await this.#graph.prepareGraph();
    if (symbol !== null) this.#refusal = { cause: 'not-exported', symbol };
    return this.#refusal;
  }

  /** After a child that wrote natively: why V8's generator should try, or null if the child is not to blame. */
  ended({ end, words }: ChildRun): NativeRefusal | null {
    if (end?.exitCode === CHILD_EXIT.done) this.#crashes = 0;
    if (end?.exitCode === CHILD_EXIT.graph) {
      const { problem, found, expected } = words.graph;
      const name = GRAPH_PROBLEMS[problem] ?? 'layout';
      const refusal: NativeRefusal = { cause: 'graph-check', problem: name, found, expected };
      // Of all problems, only these two say nothing about this V8.
      if (name !== 'memory' && name !== 'output') this.#refusal = refusal;
      return refusal;
    }
    if (end === null) return null;
    const { exitCode } = end;
    if (exitCode !== CHILD_EXIT.threw && exitCode <= CHILD_EXIT.signal) return null;
    const refusal: NativeRefusal =
      exitCode === CHILD_EXIT.threw
        ? { cause: 'graph-threw', message: words.message }
        : { cause: 'graph-crash', signal: exitCode - CHILD_EXIT.signal };
    this.#crashes += 1;
    if (this.#crashes >= MAX_CRASHES) this.#refusal = refusal;
    return refusal;
  }
}

/** Of a child that wrote a graph to its end. */
export function rootsOf({ words }: ChildRun): GraphRoots {
  return words.graph.v8Roots === 1 ? 'v8' : 'javascript';
}
