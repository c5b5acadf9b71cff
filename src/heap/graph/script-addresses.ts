import { publicAddress } from '../../runtime/script-name.js';
import { type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';
import { scriptOf, target } from './scopes.js';

/** Functions of one script that are asked for its address; if none knows it, the script is left out. */
const MAX_ASKED = 8;

/**
 * V8's script id → the script's address, as functions know it. `examples`: nodes that include a function of every
 * script that matters; null means all nodes.
 */
export function scriptAddresses(
  snapshot: HeapSnapshot,
  examples: Uint32Array | null,
): ReadonlyMap<number, string> {
  const { nodeCount, nodeType, nodeLocation, locations, strings } = snapshot;
  const addresses = new Map<number, string>();
  const asked = new Map<number, number>();
  const count = examples?.length ?? nodeCount;
  for (let at = 0; at < count; at++) {
    const node = examples === null ? at : examples[at]!;
    if (nodeType[node] !== NODE.closure || nodeLocation[node] === 0) continue;
    const id = locations.scriptId[nodeLocation[node]!]!;
    const before = asked.get(id) ?? 0;
    if (addresses.has(id) || before === MAX_ASKED) continue;
    asked.set(id, before + 1);
    const address = scriptOf(snapshot, target(snapshot, node, 'shared'));
    if (address >= 0) addresses.set(id, publicAddress(strings.text(address)));
  }
  return addresses;
}
