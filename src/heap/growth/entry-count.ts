import { EDGE, type HeapSnapshot, labelName, labelType } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';
import { countElements, countTableEntries, tableOf } from './collection-table.js';
import { dictionaryOf, MAX_RECORD_FIELDS } from './dictionary.js';
import type { PathSteps } from './path-step.js';
import type { SampledContent } from './sampled-content.js';

const UNKNOWN = 0;
const NONE = 1;
const STORE = 2;

/** Entries of the objects of one heap that hold others: tables, arrays, objects used as tables. */
export class EntryCounts {
  readonly #snapshot: HeapSnapshot;
  readonly #classes: ClassNames;
  readonly #globals: ReadonlySet<number>;
  readonly #content: SampledContent | null;
  /** Index into `labels` where a list begins → UNKNOWN, NONE or STORE: whether its nodes may hold entries. */
  readonly #ofList: Uint8Array;

  constructor(
    snapshot: HeapSnapshot,
    classes: ClassNames,
    globals: ReadonlySet<number>,
    content: SampledContent | null,
  ) {
    this.#content = content;
    this.#snapshot = snapshot;
    this.#classes = classes;
    this.#globals = globals;
    this.#ofList = new Uint8Array(snapshot.labels.length);
  }

  /** A count; `steps` learns which properties of the object are entries. */
  of(node: number, steps: PathSteps): number {
    const { firstEdge } = this.#snapshot;
    const edges = firstEdge[node + 1]! - firstEdge[node]!;
    if (edges === 0) return 0;
    const truncated = this.#content?.collections.get(node);
    if (truncated !== undefined) {
      if (truncated.folded !== null) steps.foldProperties(node, truncated.folded);
      return truncated.entries;
    }
    let entries = 0;
    if (this.#mayHold(node, edges)) {
      const table = tableOf(this.#snapshot, node);
      if (table >= 0) return countTableEntries(this.#snapshot, table);
      entries = countElements(this.#snapshot, node);
    }
    if (edges <= MAX_RECORD_FIELDS || this.#globals.has(node)) return entries;
    const folded = dictionaryOf(this.#snapshot, this.#classes, node);
    if (folded === null) return entries;
    steps.foldProperties(node, folded);
    for (const count of folded.values()) entries += count;
    return entries;
  }

  #mayHold(node: number, edges: number): boolean {
    const { labels, firstLabel, strings } = this.#snapshot;
    const first = firstLabel[node]!;
    if (this.#ofList[first] === UNKNOWN) {
      const names = [strings.find('table'), strings.find('elements')];
      let holds = NONE;
      for (let at = first; at < first + edges && holds === NONE; at++) {
        const type = labelType(labels[at]!);
        if (type === EDGE.element || (type === EDGE.internal && names.includes(labelName(labels[at]!))))
          holds = STORE;
      }
      this.#ofList[first] = holds;
    }
    return this.#ofList[first] === STORE;
  }
}
