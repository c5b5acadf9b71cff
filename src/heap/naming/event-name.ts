import { isDataKey } from '../growth/dictionary.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { EDGE, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';

/**
 * The event of a listener list. An EventTarget keeps its lists in a Map by event name; in the Map's table the key stands
 * in the slot before its value. The text is known only if the program also uses it as a property name, since texts of
 * strings are not kept, and it is returned only if it does not look like data.
 */
export function eventOf({ snapshot, paths }: TracedHeap, lists: readonly number[]): string | null {
  const { firstEdge, edgeTo, nodeType, nodeName, strings } = snapshot;
  const [list] = lists;
  const table = list === undefined ? -1 : paths.parent[list]!;
  if (list === undefined || table < 0 || nodeType[table] !== NODE.array) return null;
  const slot = strings.numeral(labelName(labelAt(snapshot, table, paths.parentEdge[list]!)));
  for (let edge = firstEdge[table]!; edge < firstEdge[table + 1]!; edge++) {
    const label = labelAt(snapshot, table, edge);
    if (labelType(label) !== EDGE.internal || slot <= 0 || strings.numeral(labelName(label)) !== slot - 1)
      continue;
    const key = edgeTo[edge]!;
    const text = nodeType[key] === NODE.string ? strings.text(nodeName[key]!) : '';
    return text === '' || isDataKey(text) ? null : text;
  }
  return null;
}
