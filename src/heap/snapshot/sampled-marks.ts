/**
 * A sampled capture truncates large collections before it writes the snapshot, and marks each with an own property of
 * this name, whose value is a text `KEPT/TRUE`. This removes the marks from the columns: their edges become weak, and
 * their texts and their name become numbers of size 0, so that nothing counts them, follows them or shows them.
 */
import { EDGE, type HeapSnapshot, labelOf, NODE } from './heap-snapshot.js';
import type { RatioTexts, SampledMembers } from './ratio-texts.js';

/** Equals `SAMPLED_MARK` of the capture, which this engine must not import. */
export const MARK_NAME = 'leakwatch.sampled';

/** NodeOrdinal of each truncated collection → how many of its members are in the file; null if there is none. */
export function takeMarks(
  snapshot: Omit<HeapSnapshot, 'sampled'>,
  ratios: RatioTexts,
): ReadonlyMap<number, SampledMembers> | null {
  const { nodeCount, nodeType, nodeName, selfSize, firstEdge, firstLabel, labels, edgeTo } = snapshot;
  const name = snapshot.strings.find(MARK_NAME);
  if (name < 0) return null;
  const label = labelOf(EDGE.property, name);
  const marks = new Map<number, SampledMembers>();
  const hide = (node: number) => {
    nodeType[node] = NODE.number;
    selfSize[node] = 0;
  };
  for (let node = 0; node < nodeCount; node++) {
    const shift = firstLabel[node]! - firstEdge[node]!;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      if (labels[edge + shift] !== label) continue;
      const ratio = ratios.find(nodeName[edgeTo[edge]!]!);
      if (ratio === null) continue;
      marks.set(node, ratio);
      hide(edgeTo[edge]!);
    }
  }
  if (marks.size === 0) return null;
  const hidden = labelOf(EDGE.weak, name);
  for (let at = 0; at < labels.length; at++) if (labels[at] === label) labels[at] = hidden;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] === NODE.string && nodeName[node] === name) hide(node);
  }
  return marks;
}
