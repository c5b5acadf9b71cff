import { EDGE, type HeapSnapshot, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { ownSizes } from './retained-sizes.js';

const NOT_REACHED = -1;
const SEVERAL = -2;

/**
 * NodeOrdinal → shallow size, bytes, as in DevTools (calculateShallowSizes): a table, store or other hidden node that
 * only one object leads to counts as part of that object and has size 0 itself. Nothing is moved to the headings of the
 * list of roots, nor in a heap without global objects, which was written to show V8's internals.
 */
export function movedSizes(snapshot: HeapSnapshot): Float64Array {
  const { nodeCount, nodeType } = snapshot;
  const sizes = ownSizes(snapshot);
  if (!hasUserRoots(snapshot)) return sizes;
  const owner = owners(snapshot);
  for (let node = 0; node < nodeCount; node++) {
    const to = owner[node]!;
    if (to <= 0 || to === node || nodeType[to] === NODE.synthetic) continue;
    sizes[to]! += sizes[node]!;
    sizes[node] = 0;
  }
  return sizes;
}

function hasUserRoots({ firstEdge, edgeTo, nodeType }: HeapSnapshot): boolean {
  for (let edge = firstEdge[0]!; edge < firstEdge[1]!; edge++) {
    if (nodeType[edgeTo[edge]!] !== NODE.synthetic) return true;
  }
  return false;
}

/** NodeOrdinal → the only visible node that leads there through hidden nodes alone; itself if it is not hidden. */
function owners(snapshot: HeapSnapshot): Int32Array {
  const { nodeCount, nodeType, nodeName, firstEdge, firstLabel, labels, edgeTo, strings } = snapshot;
  const text = strings.find('system / ExternalStringData');
  const owner = new Int32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    const hidden =
      type === NODE.hidden || type === NODE.array || (type === NODE.native && nodeName[node] === text);
    owner[node] = hidden ? NOT_REACHED : node;
  }
  const pending: number[] = [];
  for (let start = 0; start < nodeCount; start++) {
    if (owner[start] !== start) continue;
    for (let next: number | undefined = start; next !== undefined; next = pending.pop()) {
      const mine = owner[next]!;
      const shift = firstLabel[next]! - firstEdge[next]!;
      for (let edge = firstEdge[next]!; edge < firstEdge[next + 1]!; edge++) {
        const to = edgeTo[edge]!;
        const known = owner[to]!;
        // A node is visited at most twice: when it gets an owner, and when it turns out to have several.
        if (known === to || known === mine || known === SEVERAL) continue;
        if (labelType(labels[edge + shift]!) === EDGE.weak) continue;
        owner[to] = known === NOT_REACHED ? mine : SEVERAL;
        pending.push(to);
      }
    }
  }
  return owner;
}
