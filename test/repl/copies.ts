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

/** Why no copies can be made here; false if they can. */
export const noCopies = loadBinding().reason ?? false;
