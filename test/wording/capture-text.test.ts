import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisFailure } from '../../src/analysis/analysis-outcome.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import { analysisFailureText, dumpFailureText } from '../../src/wording/capture-text.js';

const DUMPS: readonly (readonly [DumpFailure, string])[] = [
  [{ cause: 'stopped' }, 'it was cancelled, or the watcher was stopped'],
  [{ cause: 'reader-gone' }, 'the process that reads the snapshot has ended'],
  [{ cause: 'no-snapshot' }, 'no snapshot was written'],
  [
    { cause: 'no-memory-headroom', availableBytes: 60e6, concurrentBytes: 50e6, reserveBytes: 32e6 },
    'not enough memory for a capture: 60.0 MB are available, its analysis and copies of buffers take 50.0 MB, and 32.0 MB stay reserved for the service',
  ],
  [
    { cause: 'memory-short', availableBytes: 49e6, reserveBytes: 50e6, heldBytes: 80e6, grownBytes: 4e6 },
    'memory ran short: 49.0 MB were left, of which 50.0 MB stay reserved for the service; the capture held 80.0 MB, 4.0 MB more than at the previous check',
  ],
  [
    { cause: 'over-allotment', heldBytes: 201e6, allotmentBytes: 200e6 },
    'the capture held 201 MB of memory; its limit is 200 MB',
  ],
  [
    { cause: 'too-long', ranMs: 5050, stoppedMs: 0, limit: 'run', limitMs: 5000 },
    'the capture ran for 5.0 s and was suspended for 0 ms; its limit is 5.0 s of running',
  ],
  [
    { cause: 'too-long', ranMs: 4000, stoppedMs: 46_100, limit: 'run-and-stops', limitMs: 50_000 },
    'the capture ran for 4.0 s and was suspended for 46.1 s; its limit is 50.0 s in total',
  ],
  [{ cause: 'pool-busy', waitedMs: 10_000 }, "all threads of libuv's pool were busy for 10.0 s"],
  [{ cause: 'worker-busy' }, 'a V8 thread was busy when the process was forked'],
  [{ cause: 'child-signal', signal: 11 }, 'the forked child was killed by signal 11'],
  [
    { cause: 'child-signal', signal: 9 },
    'the forked child was killed by signal 9, as the kernel does when memory runs out',
  ],
  [{ cause: 'child-threw', message: 'Error: ENOSPC' }, 'the forked child failed: Error: ENOSPC'],
  [
    { cause: 'child-memory', peakBytes: 70e6 },
    'the forked child stopped at its memory limit, holding 70.0 MB',
  ],
  [{ cause: 'child-time' }, 'the forked child stopped at its time limit'],
  [{ cause: 'child-inheritance' }, 'the forked child could not release the descriptors that it inherited'],
  [{ cause: 'child-exit', exitCode: 7 }, 'the forked child ended with code 7'],
  [
    { cause: 'end-lost' },
    "other code in the process collected the forked child's exit status, so its result is unknown",
  ],
  [{ cause: 'census-unreadable' }, 'the class census of the forked child cannot be read'],
  [{ cause: 'error', code: 'EAGAIN', message: 'fork: refused' }, 'EAGAIN: fork: refused'],
  [{ cause: 'error', code: 'EMFILE', message: 'EMFILE: too many open files' }, 'EMFILE: too many open files'],
  [{ cause: 'error', code: null, message: 'broken' }, 'broken'],
];

const ENDED = { outcome: 'crashed', cause: 'ended-early' } as const;
const ANALYSES: readonly (readonly [AnalysisFailure, string])[] = [
  [
    { outcome: 'failure', step: 'parsing', cause: { kind: 'format', message: 'at byte 7' }, elapsedMs: 1 },
    'parsing: at byte 7',
  ],
  [
    { outcome: 'crashed', cause: 'not-started', message: 'spawn EMFILE' },
    'the analysis process could not be started: spawn EMFILE',
  ],
  [
    { outcome: 'crashed', cause: 'heap-exhausted', limitBytes: 64e6 },
    'the analysis needed more than its JavaScript heap of 64.0 MB',
  ],
  [
    { ...ENDED, exitCode: 3, signal: null, stderr: '' },
    'the analysis process ended with code 3 before it sent a result',
  ],
  [
    { ...ENDED, exitCode: null, signal: 'SIGSEGV', stderr: 'oh' },
    'the analysis process was killed by SIGSEGV before it sent a result; it wrote: oh',
  ],
  [
    { ...ENDED, exitCode: null, signal: 'SIGKILL', stderr: '' },
    'the analysis process was killed by SIGKILL before it sent a result, as the kernel does when memory runs out',
  ],
  [{ outcome: 'crashed', cause: 'unreadable' }, 'the analysis process sent an unreadable message'],
  [{ outcome: 'timeout', cause: 'timeout', timeoutMs: 300_000 }, 'the analysis took longer than 5 min'],
  [{ outcome: 'cancelled', cause: 'cancelled' }, 'the analysis was cancelled'],
];

describe('The reason of a failed capture', () => {
  for (const [failure, words] of DUMPS)
    it(`reads "${words}"`, () => assert.equal(dumpFailureText(failure, 0), words));

  it('says how many children were tried', () => {
    assert.match(dumpFailureText({ cause: 'worker-busy' }, 5), / \(after 6 tries\)$/);
  });

  for (const [failure, words] of ANALYSES)
    it(`reads "${words}"`, () => assert.equal(analysisFailureText(failure), words));
});
