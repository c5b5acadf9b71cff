/**
 * The `count` nodes of largest weight that `accepts` takes, largest first; of equal ones those of smaller ordinal.
 * A binary heap with the smallest on top (Williams 1964), so that nothing is allocated per node.
 */
export function largestNodes(
  weight: Float64Array,
  count: number,
  accepts: (node: number) => boolean,
): readonly number[] {
  const heap = new Int32Array(count);
  let length = 0;
  const isLess = (a: number, b: number) => weight[a]! < weight[b]! || (weight[a] === weight[b] && a > b);
  const sink = (node: number) => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isLess(heap[child + 1]!, heap[child]!)) child++;
      if (!isLess(heap[child]!, node)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = node;
  };
  for (let node = 0; node < weight.length; node++) {
    if (length === count && (count === 0 || !isLess(heap[0]!, node))) continue;
    if (!accepts(node)) continue;
    if (length === count) {
      sink(node);
      continue;
    }
    let at = length++;
    for (let above = (at - 1) >> 1; at > 0 && isLess(node, heap[above]!); above = (at - 1) >> 1) {
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = node;
  }
  return [...heap.subarray(0, length)].sort((a, b) => (isLess(a, b) ? 1 : -1));
}
