import {
  edgeTypeCode,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  nodeTypeCode,
} from '../snapshot/heap-snapshot.js';

const WEAK = edgeTypeCode('weak');
const SHORTCUT = edgeTypeCode('shortcut');
const INTERNAL = edgeTypeCode('internal');
const ARRAY = nodeTypeCode('array');

/** V8 names the two edges that hold the value of a WeakMap entry like this, with ids and classes in the brackets. */
const EPHEMERON = / -> value \(.* pair in WeakMap /;

/**
 * Whether an edge keeps its target alive: weak edges never do; of the two edges to the value of a WeakMap entry only
 * the one from the key does; shortcuts repeat what other edges say, but at the root they name the global objects.
 */
export class EdgeRule {
  readonly #snapshot: HeapSnapshot;
  /** String index → 1 ephemeron, 2 not, 0 not looked at. */
  readonly #ephemeron: Uint8Array;

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
    this.#ephemeron = new Uint8Array(snapshot.strings.length);
  }

  retains(from: number, edge: number): boolean {
    const type = labelType(labelAt(this.#snapshot, from, edge));
    if (type === WEAK) return false;
    if (type === SHORTCUT) return from === 0;
    return !(type === INTERNAL && this.#snapshot.nodeType[from] === ARRAY && this.isEphemeron(from, edge));
  }

  isEphemeron(from: number, edge: number): boolean {
    const label = labelAt(this.#snapshot, from, edge);
    if (labelType(label) !== INTERNAL) return false;
    const name = labelName(label);
    let known = this.#ephemeron[name]!;
    if (known === 0) {
      const { strings } = this.#snapshot;
      known = strings.numeral(name) < 0 && EPHEMERON.test(strings.text(name)) ? 1 : 2;
      this.#ephemeron[name] = known;
    }
    return known === 1;
  }
}
