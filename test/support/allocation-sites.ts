import type { AllocationSites } from '../../src/sampling/allocation-profiler.js';

/** For a daemon whose test needs no allocation sites. */
export const NO_SITES: AllocationSites = {
  start() {},
  afterMajorGc() {},
  onTick() {},
  growing: () => [],
  status: () => ({
    state: 'off',
    reason: 'not wanted',
    intervalBytes: null,
    since: null,
    readings: 0,
    readMs: 0,
  }),
  samples: () => ({ refused: 'not wanted' }),
  stop() {},
};
