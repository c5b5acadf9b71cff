import { isDataKey } from '../growth/dictionary.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { edgeTypeCode, labelAt, labelName, labelType, nodeTypeCode } from '../snapshot/heap-snapshot.js';

const INTERNAL = edgeTypeCode('internal');
const ARRAY = nodeTypeCode('array');
const STRING = nodeTypeCode('string');

/**
 * The event whose listeners hang on this list: an EventTarget keeps them in a Map by the event's name, and in its table
 * the key stands in the slot before. Texts of strings are not kept in general; this one is known only when the program
 * uses it as a name too, and is given only when it looks like one.
 */
export function eventOf({ snapshot, paths }: TracedHeap, lists: readonly number[]): string | null {
  const { firstEdge, edgeTo, nodeType, nodeName, strings } = snapshot;
  const [list] = lists;
  const table = list === undefined ? -1 : paths.parent[list]!;
  if (list === undefined || table < 0 || nodeType[table] !== ARRAY) return null;
  const slot = strings.numeral(labelName(labelAt(snapshot, table, paths.parentEdge[list]!)));
  for (let edge = firstEdge[table]!; edge < firstEdge[table + 1]!; edge++) {
    const label = labelAt(snapshot, table, edge);
    if (labelType(label) !== INTERNAL || slot <= 0 || strings.numeral(labelName(label)) !== slot - 1)
      continue;
    const key = edgeTo[edge]!;
    const text = nodeType[key] === STRING ? strings.text(nodeName[key]!) : '';
    return text === '' || isDataKey(text) ? null : text;
  }
  return null;
}
