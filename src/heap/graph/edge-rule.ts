import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { LABEL_RULE, labelRules, retains } from './label-rules.js';

/** Whether an edge keeps its target alive: decided by its label and by the node it leaves. */
export class EdgeRule {
  /** Index into `snapshot.labels` → LABEL_RULE. */
  readonly rules: Uint8Array;
  readonly #snapshot: HeapSnapshot;

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
    this.rules = labelRules(snapshot);
  }

  retains(from: number, edge: number): boolean {
    return retains(this.#ruleOf(from, edge), from, this.#snapshot);
  }

  isEphemeron(from: number, edge: number): boolean {
    return this.#ruleOf(from, edge) === LABEL_RULE.ephemeron;
  }

  #ruleOf(from: number, edge: number): number {
    const { firstLabel, firstEdge } = this.#snapshot;
    return this.rules[firstLabel[from]! + edge - firstEdge[from]!]!;
  }
}
