import { EDGE, type HeapSnapshot, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';

/** The type of V8's tables: the only holders that an ephemeron edge does not retain from. */
export const TABLE_TYPE = NODE.array;

/** What an edge's label says about retaining. The two nodes that the edge joins decide the rest. */
export const LABEL_RULE = {
  /** Weak: never keeps its target alive. */
  never: 0,
  /** Keeps its target alive. */
  always: 1,
  /**
   * One of the two edges to the value of a WeakMap entry. The one from the key retains, the one from the table does
   * not: one of them suffices, and the key is the holder that a developer can change.
   */
  ephemeron: 2,
  /** Repeats other edges, except at the root, where it marks the global objects. */
  atRoot: 3,
} as const;

/** Whether an edge with this rule keeps its target alive; `from` is the node that it leaves. */
export function retains(rule: number, from: number, { nodeType }: HeapSnapshot): boolean {
  if (rule === LABEL_RULE.always) return true;
  if (rule === LABEL_RULE.atRoot) return from === 0;
  return rule === LABEL_RULE.ephemeron && nodeType[from] !== TABLE_TYPE;
}

/** Start of the name of both edges to the value of a WeakMap entry; the end of the name may be cut off. */
const EPHEMERON = /^\d+ \/ part of key \(/;

/** Index into `labels` → LABEL_RULE. Each label is examined once, however many edges share it. */
export function labelRules({ labels, strings }: HeapSnapshot): Uint8Array {
  const rules = new Uint8Array(labels.length);
  /** String index → rule of an internal edge with this name; 0 means not examined yet. */
  const known = new Uint8Array(strings.length);
  // Hot: an import is read again at each use.
  const { weak, shortcut, internal } = EDGE;
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]!;
    const type = labelType(label);
    if (type === weak) rules[at] = LABEL_RULE.never;
    else if (type === shortcut) rules[at] = LABEL_RULE.atRoot;
    else if (type === internal) {
      const name = labelName(label);
      if (known[name] === 0) {
        const ephemeron = strings.numeral(name) < 0 && EPHEMERON.test(strings.text(name));
        known[name] = ephemeron ? LABEL_RULE.ephemeron : LABEL_RULE.always;
      }
      rules[at] = known[name]!;
    } else rules[at] = LABEL_RULE.always;
  }
  return rules;
}
