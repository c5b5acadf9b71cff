import { ROLE } from '../graph/node-role.js';
import { scriptAddresses } from '../graph/script-addresses.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { callbackOf, TIMER } from '../growth/timer-callback.js';
import { edgeTypeCode, labelAt, labelOf, labelType, nodeTypeCode } from '../snapshot/heap-snapshot.js';
import type { MemberLocation } from './suspect.js';

const CLOSURE = nodeTypeCode('closure');
const INTERNAL = edgeTypeCode('internal');
const PROPERTY = edgeTypeCode('property');
const MAX_LOCATIONS = 4;
/** Objects around a function among which one that waits is looked for. */
const MAX_NEAR = 64;

/** Places of definition. V8 numbers scripts, and numbers hold in one process only: functions know the address. */
export class Places {
  readonly #heap: TracedHeap;
  /** V8's number of a script → its address; null until asked for. */
  #addresses: ReadonlyMap<number, string> | null = null;

  constructor(heap: TracedHeap) {
    this.#heap = heap;
  }

  /** Where a function or an object's constructor is defined; of a timer, what it calls. Null when not known. */
  of(node: number): MemberLocation | null {
    const { snapshot, classes } = this.#heap;
    const callback = classes.of(node) === TIMER ? callbackOf(snapshot, node) : -1;
    let asked = callback < 0 ? node : callback;
    // A function of V8's own settles a promise: what waits for it is what a person knows.
    if (snapshot.nodeType[asked] === CLOSURE && snapshot.nodeLocation[asked] === 0)
      asked = this.#waiter(asked);
    const at = snapshot.nodeLocation[asked]!;
    if (at === 0) return null;
    const { scriptId, line, column } = snapshot.locations;
    this.#addresses ??= scriptAddresses(snapshot, null);
    const url = this.#addresses.get(scriptId[at]!);
    if (url === undefined) return null;
    return {
      function: classes.of(asked).replace(/\(\)$/, ''),
      url,
      line: line[at]! + 1,
      column: column[at]! + 1,
    };
  }

  /** The async function or generator that goes on when this function is called; the function itself when none is near. */
  #waiter(closure: number): number {
    const { snapshot, paths } = this.#heap;
    const { firstEdge, edgeTo, nodeType, strings } = snapshot;
    const suspended = labelOf(INTERNAL, Math.max(0, strings.find('function')));
    const seen = new Set([closure]);
    for (const node of seen) {
      for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
        const to = edgeTo[edge]!;
        const label = labelAt(snapshot, node, edge);
        if (label === suspended && nodeType[to] === CLOSURE) return to;
        const leads = paths.roles[to] === ROLE.value || paths.roles[to] === ROLE.part;
        // Prototypes lead everywhere.
        if (!leads || labelType(label) === PROPERTY || seen.size === MAX_NEAR) continue;
        if (paths.rule.retains(node, edge)) seen.add(to);
      }
    }
    return closure;
  }

  /** The distinct places of some objects, a bounded number. */
  ofAll(nodes: readonly number[]): readonly MemberLocation[] {
    const found = new Map<string, MemberLocation>();
    for (const node of nodes) {
      const place = this.of(node);
      if (place === null || found.size === MAX_LOCATIONS) continue;
      found.set(`${place.url}:${place.line}:${place.column}`, place);
    }
    return [...found.values()];
  }
}
