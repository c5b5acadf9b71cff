import { scriptOf, target } from '../graph/scopes.js';
import { callbackOf, TIMER } from '../growth/timer-callback.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { type HeapSnapshot, nodeTypeCode } from '../snapshot/heap-snapshot.js';
import type { MemberLocation } from './suspect.js';

const CLOSURE = nodeTypeCode('closure');
const MAX_LOCATIONS = 4;

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
    const asked = callback < 0 ? node : callback;
    const at = snapshot.nodeLocation[asked]!;
    if (at === 0) return null;
    const { scriptId, line, column } = snapshot.locations;
    this.#addresses ??= scriptAddresses(snapshot);
    const url = this.#addresses.get(scriptId[at]!);
    if (url === undefined) return null;
    return {
      function: classes.of(asked).replace(/\(\)$/, ''),
      url,
      line: line[at]! + 1,
      column: column[at]! + 1,
    };
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

function scriptAddresses(snapshot: HeapSnapshot): ReadonlyMap<number, string> {
  const { nodeCount, nodeType, nodeLocation, locations, strings } = snapshot;
  const addresses = new Map<number, string>();
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== CLOSURE || nodeLocation[node] === 0) continue;
    const id = locations.scriptId[nodeLocation[node]!]!;
    if (addresses.has(id)) continue;
    const shared = target(snapshot, node, 'shared');
    const script = shared < 0 ? -1 : scriptOf(snapshot, shared);
    // Also where nothing is found: one answer a script is enough.
    addresses.set(id, script < 0 ? '' : strings.text(script));
  }
  return addresses;
}
