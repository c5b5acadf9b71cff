/**
 * A bound that only code knows, `if (room.messages.length > 200) room.messages.shift()`, shows in what it has bounded
 * already: of many collections of one kind several hold exactly the same number, and none holds more. Collections that
 * grow evenly without a bound look the same at one moment, but hold more at the next capture: a bound must stand still,
 * and so must the number of holders.
 */
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { entriesOf } from '../members/held-entries.js';
import { fitsHeap, type Grown } from './grown.js';
import type { Bound } from './limit.js';
import type { OwnerLevel } from './owner-place.js';

/** Fewer that agree, of all that are looked at, do so by chance. */
const LEAST_FULL = 3;
const LEAST_FULL_PART = 1 / 20;
/** Records of so few members each are alike without a bound. */
const LEAST_ENTRIES = 16;

/** What all holders may hold together; null where they do not show a bound. */
export function findFullHolders(
  { snapshot }: TracedHeap,
  { objects, instances, growing }: OwnerLevel,
  { count, bytes }: Pick<Grown, 'count' | 'bytes'>,
): Bound | null {
  // A list of chunks that are full but for the last one grows by chunks.
  if (growing) return null;
  const held = objects.map((node) => entriesOf(snapshot, node));
  const most = Math.max(0, ...held);
  const full = held.filter((entries) => entries === most).length;
  if (most < LEAST_ENTRIES || full < Math.max(LEAST_FULL, LEAST_FULL_PART * held.length)) return null;
  const limit = most * instances;
  // Not all holders are looked at: one of the others holds more.
  if (count > limit || !fitsHeap(limit, { count, bytes })) return null;
  return {
    source: 'full-holders',
    name: null,
    limit,
    unit: 'entries',
    holders: instances,
    full: Math.round((full / held.length) * instances),
  };
}
