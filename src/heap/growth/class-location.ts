import { scriptOf, target } from '../graph/scopes.js';
import { QUERY } from '../graph/script-name.js';
import { type HeapSnapshot, nodeTypeCode } from '../snapshot/heap-snapshot.js';

const CLOSURE = nodeTypeCode('closure');
/** Functions of one script that are asked for its address; when none knows it, it stays ''. */
const MAX_ASKED = 8;

/** Where a function, or the constructor of an object, is defined. */
export interface ClassLocation {
  /** Address of the script as V8 has it, without a query; '' when unknown (code made from text). */
  readonly script: string;
  /** From 1, as in stack traces. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * LocationIndex → place, null means not known. V8's numbers of scripts hold within one process only, so they are replaced
 * by addresses: what is loaded twice from one address, with a new query each time maybe, is one class. `examples`: nodes, among them a function of every
 * script there is; functions lead to the address of theirs.
 */
export function classLocations(
  snapshot: HeapSnapshot,
  examples: Uint32Array,
): readonly (ClassLocation | null)[] {
  const { scriptId, line, column } = snapshot.locations;
  const addresses = scriptAddresses(snapshot, examples);
  return Array.from(scriptId, (id, place) =>
    place === 0
      ? null
      : { script: addresses.get(id) ?? '', line: line[place]! + 1, column: column[place]! + 1 },
  );
}

/** V8's number of a script → its address. */
function scriptAddresses(snapshot: HeapSnapshot, examples: Uint32Array): ReadonlyMap<number, string> {
  const { nodeType, nodeLocation, locations, strings } = snapshot;
  const addresses = new Map<number, string>();
  const asked = new Map<number, number>();
  for (const node of examples) {
    if (nodeType[node] !== CLOSURE || nodeLocation[node] === 0) continue;
    const id = locations.scriptId[nodeLocation[node]!]!;
    const before = asked.get(id) ?? 0;
    if (addresses.has(id) || before === MAX_ASKED) continue;
    asked.set(id, before + 1);
    const shared = target(snapshot, node, 'shared');
    const address = shared < 0 ? -1 : scriptOf(snapshot, shared);
    if (address >= 0) addresses.set(id, strings.text(address).replace(QUERY, ''));
  }
  return addresses;
}
