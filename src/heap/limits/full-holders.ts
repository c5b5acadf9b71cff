/**
 * A bound that only the code knows, `if (room.messages.length > 200) room.messages.shift()`, shows in the collections that
 * have reached it: several of many alike hold exactly the same number, and none holds more. Collections that grow evenly
 * without a bound look the same at one capture, but hold more at the next: so neither the bound nor the number of holders
 * may change.
 */
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { entriesOf } from '../members/held-entries.js';
import { type Bound, fitsHeap, type Grown } from './limit.js';
import type { OwnerLevel } from './owner-place.js';

/** Fewer equal counts, of all that are read, may be chance. */
const LEAST_FULL = 3;
const LEAST_FULL_PART = 1 / 20;
/** Records with fewer members each are alike without a bound. */
const LEAST_ENTRIES = 16;

/** The limit of all holders together; null if they do not show a bound. */
export function findFullHolders(
  { snapshot }: TracedHeap,
  { objects, instances, growing }: OwnerLevel,
  { count, bytes }: Pick<Grown, 'count' | 'bytes'>,
): Bound | null {
  // In a growing list of chunks all but the last one are full.
  if (growing) return null;
  const held = objects.map((node) => entriesOf(snapshot, node));
  const most = Math.max(0, ...held);
  const full = held.filter((entries) => entries === most).length;
  if (most < LEAST_ENTRIES || full < Math.max(LEAST_FULL, LEAST_FULL_PART * held.length)) return null;
  const limit = most * instances;
  // Only some holders are read: then another one holds more.
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
