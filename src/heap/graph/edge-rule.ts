import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { LABEL_RULE, labelRules, TABLE_TYPE } from './label-rules.js';

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
    const rule = this.#ruleOf(from, edge);
    if (rule === LABEL_RULE.always) return true;
    if (rule === LABEL_RULE.atRoot) return from === 0;
    return rule === LABEL_RULE.ephemeron && this.#snapshot.nodeType[from] !== TABLE_TYPE;
  }

  isEphemeron(from: number, edge: number): boolean {
    return this.#ruleOf(from, edge) === LABEL_RULE.ephemeron;
  }

  #ruleOf(from: number, edge: number): number {
    const { firstLabel, firstEdge } = this.#snapshot;
    return this.rules[firstLabel[from]! + edge - firstEdge[from]!]!;
  }
}
