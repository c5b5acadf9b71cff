import { ForkedCopyJobs } from '../../src/capture/copy-jobs.js';
import { loadBinding } from '../../src/native/binding.js';
import { systemClock } from '../../src/runtime/clock.js';

/** Real copies of this process. */
export const copies = new ForkedCopyJobs({
  clock: systemClock,
  pauseBudgetMs: 60_000,
  usedBytes: () => process.memoryUsage().heapUsed,
  paused: () => {},
});

/** Why there are none here; false if there are. */
export const noCopies = loadBinding().reason ?? false;
