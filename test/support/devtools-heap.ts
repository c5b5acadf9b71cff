import { parse } from 'heap-snapshot-toolkit';
import type { HistogramRow } from './devtools-histogram.js';

/** What Chrome DevTools' own engine computes from a snapshot, in our shapes; unreachable nodes have distance −1. */
export interface DevtoolsHeap {
  readonly idom: readonly number[];
  readonly retainedSize: readonly number[];
  readonly shallowSize: readonly number[];
  readonly distance: readonly number[];
  /** Class key → row. */
  readonly histogram: ReadonlyMap<string, HistogramRow>;
}

const UNREACHABLE = -5;

export async function devtoolsHeap(bytes: Uint8Array): Promise<DevtoolsHeap> {
  const text = Buffer.from(bytes).toString();
  const heap = await parse(
    new ReadableStream({
      start(controller) {
        controller.enqueue(text);
        controller.close();
      },
    }),
  );
  const distanceOf = (distance: number) => (distance === UNREACHABLE ? -1 : distance);
  const histogram = new Map<string, HistogramRow>();
  for (const [key, row] of Object.entries(heap.getAggregatesByClassKey(false, 'allObjects'))) {
    histogram.set(key, {
      className: row.name,
      count: row.count,
      shallow: row.self,
      retained: row.maxRet,
      distance: distanceOf(row.distance),
    });
  }
  const ordinals = Array.from({ length: heap.nodeCount }, (_, node) => node);
  return {
    idom: Array.from(heap.dominatorsTree),
    retainedSize: Array.from(heap.retainedSizes),
    shallowSize: ordinals.map((node) => heap.createNode(node * heap.nodeFieldCount).selfSize()),
    distance: Array.from(heap.nodeDistances, distanceOf),
    histogram,
  };
}
