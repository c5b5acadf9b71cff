import { EDGE, type HeapSnapshot, labelAt, labelName, labelType } from '../snapshot/heap-snapshot.js';

/** Properties under which async resources keep the stores of AsyncLocalStorage in versions that have no frames. */
export const STORE_PROPERTY = '<symbol kResourceStore>';
/** Where the frames stand in the other versions. */
export const FRAME_PROPERTY = '<symbol kAsyncContextFrame>';

/** The resources of one request are fewer; every open resource keeps a store that lives as long as the program. */
const SHARED = 8;

/**
 * Stores of AsyncLocalStorage, or frames of them, that many async resources keep: sockets, timers and promises come and go,
 * so the shortest path leads through a different one each time. The stores belong to none of them.
 */
export function sharedStores(snapshot: HeapSnapshot): ReadonlySet<number> {
  const { firstEdge, edgeTo, nodeCount, strings } = snapshot;
  const [store, frame] = [strings.find(STORE_PROPERTY), strings.find(FRAME_PROPERTY)];
  const shared = new Set<number>();
  if (store < 0 && frame < 0) return shared;
  const keepers = new Map<number, number>();
  for (let node = 0; node < nodeCount; node++) {
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const label = labelAt(snapshot, node, edge);
      if (labelType(label) !== EDGE.property) continue;
      const name = labelName(label);
      if (name !== store && name !== frame) continue;
      const count = (keepers.get(edgeTo[edge]!) ?? 0) + 1;
      keepers.set(edgeTo[edge]!, count);
      if (count === SHARED) shared.add(edgeTo[edge]!);
    }
  }
  return shared;
}
