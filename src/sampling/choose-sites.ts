import { loadSampling } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { type AllocationSites, createAllocationSites, type SitesOptions } from './allocation-profiler.js';
import { createSamplingSlot } from './sampling-slot.js';

/** Samples where this thread allocates memory, in the cheapest way that this Node.js offers. Never throws. */
export function chooseSites(clock: Clock, options: SitesOptions): AllocationSites {
  return createAllocationSites(createSamplingSlot(loadSampling()), clock, options);
}
