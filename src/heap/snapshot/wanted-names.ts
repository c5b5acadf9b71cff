import {
  EDGE,
  type HeapSnapshot,
  labelName,
  labelOf,
  labelType,
  NODE,
  NODE_TYPES,
  type NodeType,
} from './heap-snapshot.js';

/** Types whose name is content of the program rather than a name: texts of strings and regular expressions. */
const CONTENT: readonly NodeType[] = ['string', 'concatenated string', 'sliced string', 'regexp'];
/** Index into NODE_TYPES → 1 for these. */
const isContent = Uint8Array.from(NODE_TYPES, (type) => (CONTENT.includes(type) ? 1 : 0));

/**
 * Which strings may be kept: names of edges, and names of nodes that are not strings. Two kinds of string nodes are
 * names all the same: export names in the table of a module, and the digits that V8 writes for a number. The text of
 * any other string node is kept only if it is also the name of something.
 */
export function wantedNames(
  snapshot: Omit<HeapSnapshot, 'strings' | 'sampled'>,
  strings: number,
): (index: number) => boolean {
  const { nodeType, nodeName, labels, firstLabel, edgeTo, firstEdge, nodeCount } = snapshot;
  const wanted = new Uint8Array(strings);
  for (let node = 0; node < nodeCount; node++) {
    if (isContent[nodeType[node]!] === 0) wanted[nodeName[node]!] = 1;
  }
  /** In a table of exports each name precedes the cell that holds its value. */
  const seen = new Set<number>();
  const wantExports = (table: number) => {
    if (seen.has(table)) return;
    seen.add(table);
    for (let edge = firstEdge[table]! + 1; edge < firstEdge[table + 1]!; edge++) {
      const name = edgeTo[edge - 1]!;
      if (isContent[nodeType[name]!] === 1 && nodeType[edgeTo[edge]!] === NODE.hidden)
        wanted[nodeName[name]!] = 1;
    }
  };
  for (const label of labels) {
    const type = labelType(label);
    if (type !== EDGE.element && type !== EDGE.hidden) wanted[labelName(label)] = 1;
  }
  const firstOfAll = labelOf(EDGE.hidden, 0);
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    if (type !== NODE.number && type !== NODE.hidden) continue;
    const shift = firstLabel[node]! - firstEdge[node]!;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      if (type === NODE.number && isContent[nodeType[to]!] === 1) wanted[nodeName[to]!] = 1;
      // A module is known only by its name, which comes later: the first table of each hidden node may hold its
      // exports.
      if (type === NODE.hidden && labels[edge + shift] === firstOfAll && nodeType[to] === NODE.array) {
        wantExports(to);
      }
    }
  }
  return (index) => wanted[index] === 1;
}
