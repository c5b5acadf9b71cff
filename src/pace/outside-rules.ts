import { MIB } from '../runtime/units.js';
import type { GrowthAmount, OutsideKind } from '../trend/outside-growth.js';
import type { Pace } from './pace.js';

/** How patient the watcher is with what grows outside the graph. */
export interface OutsideRules {
  /** Width of a slot of the lower envelope, which holds several samples of the timer. */
  readonly slotMs: number;
  /** Earlier samples are ignored: modules load, pools open, allocators fill. */
  readonly warmUpMs: number;
  /** Steps up in a row that are a reason to capture the graph, which shows the holder. */
  readonly gateRises: number;
  /** Steps up in a row, and their time, to be suspected and to be confirmed. */
  readonly suspectRises: number;
  readonly confirmRises: number;
  readonly confirmMs: number;
  /** How long memory and contexts must rise to be confirmed without the graph: only there does a cache that fills show its bound. */
  readonly aloneMs: number;
  readonly amounts: Readonly<Record<OutsideKind, GrowthAmount>>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const AMOUNTS: OutsideRules['amounts'] = {
  external: { gain: 4 * MIB, ratio: 1.05 },
  native: { gain: 32 * MIB, ratio: 1.1 },
  handles: { gain: 100, ratio: 2 },
  contexts: { gain: 20, ratio: 2 },
};

export const OUTSIDE_RULES: Readonly<Record<Pace, OutsideRules>> = {
  production: {
    slotMs: 75 * SECOND,
    warmUpMs: 2 * MINUTE,
    gateRises: 3,
    suspectRises: 4,
    confirmRises: 8,
    confirmMs: 10 * MINUTE,
    aloneMs: 30 * MINUTE,
    amounts: AMOUNTS,
  },
  fast: {
    slotMs: 5 * SECOND,
    warmUpMs: 5 * SECOND,
    gateRises: 2,
    suspectRises: 4,
    confirmRises: 10,
    confirmMs: 50 * SECOND,
    aloneMs: 3 * MINUTE,
    amounts: { ...AMOUNTS, native: { gain: 16 * MIB, ratio: 1.1 } },
  },
};
