/** The `count` nodes of largest weight that `accepts` takes, largest first; of equal ones those of smaller ordinal. */
export function largestNodes(
  weight: Float64Array,
  count: number,
  accepts: (node: number) => boolean,
): readonly number[] {
  const largest = (nodes: readonly number[]) =>
    nodes.toSorted((a, b) => weight[b]! - weight[a]! || a - b).slice(0, count);
  // At most twice as many are kept at a time: nothing is allocated per node.
  let found: number[] = [];
  let least = count === 0 ? Number.POSITIVE_INFINITY : -1;
  for (let node = 0; node < weight.length; node++) {
    if (weight[node]! <= least || !accepts(node)) continue;
    found.push(node);
    if (found.length < 2 * count) continue;
    found = largest(found);
    least = weight[found.at(-1)!]!;
  }
  return largest(found);
}
