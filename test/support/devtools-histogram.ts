import type { HeapGraph } from '../../src/heap/graph/heap-graph.js';
import { type HeapSnapshot, NODE, NODE_TYPES } from '../../src/heap/snapshot/heap-snapshot.js';
import { ObjectInterfaces } from './object-interfaces.js';

/** One row of the histogram in DevTools' summary view. */
export interface HistogramRow {
  readonly className: string;
  count: number;
  /** Bytes. */
  shallow: number;
  /** Bytes that the class's objects retain; an object dominated by another one of the class is not counted again. */
  retained: number;
  /** The smallest distance among them; −1 if one is unreachable. */
  distance: number;
}

/**
 * Class key → row. The key is DevTools' own: `script,line,column,name` of the constructor if known, otherwise `,name`.
 * Nodes of size 0 are not counted. Deviation: classes with the same key form one row, where DevTools keeps the last one
 * (for example objects named `Function` in addition to the functions).
 */
export function devtoolsHistogram(graph: HeapGraph): ReadonlyMap<string, HistogramRow> {
  const { snapshot, retainedSize } = graph;
  const { keys, names, classOf } = classes(snapshot);
  const shallow = graph.shallowSize();
  const distance = graph.distance();
  const rows = names.map((className) => ({
    className,
    count: 0,
    shallow: 0,
    retained: 0,
    distance: Infinity,
  }));
  for (let node = 0; node < snapshot.nodeCount; node++) {
    const row = rows[classOf[node]!]!;
    if (shallow[node] === 0) continue;
    row.count++;
    row.shallow += shallow[node]!;
    row.distance = Math.min(row.distance, distance[node]!);
  }
  const tree = graph.tree();
  /** ClassId → the rank up to which its objects are dominated by one already counted. */
  const covered = new Uint32Array(rows.length);
  for (let rank = 0; rank < tree.node.length; rank++) {
    const node = tree.node[rank]!;
    const id = classOf[node]!;
    if (rank < covered[id]! || shallow[node] === 0) continue;
    rows[id]!.retained += retainedSize[node]!;
    covered[id] = tree.end[rank]!;
  }
  return new Map(keys.map((key, id) => [key, rows[id]!] as const).filter(([, { count }]) => count > 0));
}

interface Classes {
  readonly keys: readonly string[];
  readonly names: readonly string[];
  /** NodeOrdinal → ClassId. */
  readonly classOf: Uint32Array;
}

function classes(snapshot: HeapSnapshot): Classes {
  const { nodeCount, nodeType, nodeName, nodeLocation, locations, strings } = snapshot;
  const interfaces = new ObjectInterfaces(snapshot);
  const keys: string[] = [];
  const names: string[] = [];
  const ids = new Map<string, number>();
  const classOf = new Uint32Array(nodeCount);
  /** Name and type → ClassId, for nodes without interface or location: all but a few nodes then look up no text. */
  const known = new Map<number, number>();
  for (let node = 0; node < nodeCount; node++) {
    const kind = nodeName[node]! * NODE_TYPES.length + nodeType[node]!;
    const at = nodeType[node] === NODE.object ? nodeLocation[node]! : 0;
    const named = interfaces.nameOf(node);
    let id = at === 0 && named === null ? known.get(kind) : undefined;
    if (id === undefined) {
      const name = named ?? className(NODE_TYPES[nodeType[node]!] ?? 'hidden', strings.text(nodeName[node]!));
      const place = `${locations.scriptId[at]},${locations.line[at]},${locations.column[at]}`;
      const key = at === 0 ? `,${name}` : `${place},${name}`;
      id = ids.get(key) ?? keys.push(key) - 1;
      names[id] = name;
      ids.set(key, id);
      if (at === 0 && named === null) known.set(kind, id);
    }
    classOf[node] = id;
  }
  return { keys, names, classOf };
}

function className(type: string, name: string): string {
  switch (type) {
    case 'hidden':
      return '(system)';
    case 'code':
      return '(compiled code)';
    case 'closure':
      return 'Function';
    case 'regexp':
      return 'RegExp';
    case 'object':
    case 'native':
      return elementName(name);
    default:
      return `(${type})`;
  }
}

/** DOM elements are classed by their tag, without attributes. */
function elementName(name: string): string {
  const begin = name.startsWith('<') ? 0 : name.startsWith('Detached <') ? 'Detached <'.length : -1;
  const space = begin < 0 ? -1 : name.indexOf(' ', begin);
  return space < 0 ? name : `${name.slice(0, space)}>`;
}
