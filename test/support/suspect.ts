import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { inClass } from './holder.js';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const SPACING_MS = 10_000;
const ENTRY_BYTES = 2000;

/** A suspect with `counts` members at captures ten seconds apart. */
export function suspectWith(counts: readonly number[], change: Partial<Suspect> = {}): Suspect {
  let risingSteps = 0;
  for (let i = counts.length - 1; i > 0 && counts[i]! > counts[i - 1]!; i--) risingSteps += 1;
  return {
    fingerprint: 'lw-0123456789abcdef',
    className: 'Order',
    holder: inClass('OrderHistory.byCustomer'),
    retainerPath: [{ edge: 'history', edgeType: 'property', node: 'OrderHistory', nodeType: 'object' }],
    steps: counts.map((count, i) => ({ atMs: START_MS + i * SPACING_MS, count, bytes: count * ENTRY_BYTES })),
    risingSteps,
    shareOfGrowth: 0.9,
    fields: ['items'],
    artefact: null,
    bound: null,
    ...change,
  };
}
