/**
 * A sampled capture truncates big collections before it writes the snapshot, and leaves a mark on each: an own property
 * of this name, whose value is a text `KEPT/TRUE`. Here the marks are taken out of the columns: their edges become weak,
 * their texts and their name become numbers of no size, so that nothing counts them, follows them or names them.
 */
import { edgeTypeCode, type HeapSnapshot, labelOf, nodeTypeCode } from './heap-snapshot.js';
import type { RatioTexts, SampledMembers } from './ratio-texts.js';

/** The same as `SAMPLED_MARK` of the capture, which this engine must not import. */
export const MARK_NAME = 'leakwatch.sampled';

const PROPERTY = edgeTypeCode('property');
const WEAK = edgeTypeCode('weak');
const STRING = nodeTypeCode('string');
const NUMBER = nodeTypeCode('number');

/** NodeOrdinal of each truncated collection → how much of it is there; null where there is none. */
export function takeMarks(
  snapshot: Omit<HeapSnapshot, 'sampled'>,
  ratios: RatioTexts,
): ReadonlyMap<number, SampledMembers> | null {
  const { nodeCount, nodeType, nodeName, selfSize, firstEdge, firstLabel, labels, edgeTo } = snapshot;
  const name = snapshot.strings.find(MARK_NAME);
  if (name < 0) return null;
  const label = labelOf(PROPERTY, name);
  const marks = new Map<number, SampledMembers>();
  const hide = (node: number) => {
    nodeType[node] = NUMBER;
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
  const hidden = labelOf(WEAK, name);
  for (let at = 0; at < labels.length; at++) if (labels[at] === label) labels[at] = hidden;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] === STRING && nodeName[node] === name) hide(node);
  }
  return marks;
}
