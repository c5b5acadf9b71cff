/**
 * A bound that only code knows, `if (room.messages.length > 200) room.messages.shift()`, shows in what it has bounded
 * already: of many collections of one kind several hold exactly the same number, and none holds more. Collections that
 * grow evenly without a bound look the same at one moment, but hold more at the next capture: a bound must stand still.
 */
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { entriesOf } from './held-entries.js';
import type { OwnerLevel } from './owner-place.js';
import type { Bound } from './suspect.js';

/** Fewer that agree, of all that are looked at, do so by chance. */
const LEAST_FULL = 3;
const LEAST_FULL_PART = 1 / 20;
/** Records of so few members each are alike without a bound. */
const LEAST_ENTRIES = 16;

/** What all holders may hold together; null where they do not show a bound. */
export function findFullHolders({ snapshot }: TracedHeap, { objects, instances }: OwnerLevel): Bound | null {
  const held = objects.map((node) => entriesOf(snapshot, node));
  const most = Math.max(0, ...held);
  const full = held.filter((entries) => entries === most).length;
  if (most < LEAST_ENTRIES || full < Math.max(LEAST_FULL, LEAST_FULL_PART * held.length)) return null;
  return {
    name: 'length',
    limit: most * instances,
    unit: 'entries',
    holders: instances,
    full: Math.round((full / held.length) * instances),
  };
}
