import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisFailure } from '../../src/analysis/analysis-outcome.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import type { NativeRefusal } from '../../src/capture/graph-source.js';
import { analysisFailureText, dumpFailureText, nativeRefusalText } from '../../src/wording/capture-text.js';

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
  [
    { cause: 'graph-check', problem: 'sum', found: 20_000, expected: 10_000 },
    "the native writer of graphs gave up, and V8's generator could not take over: the sizes of all objects add up to 20,000 bytes, while V8 uses 10,000",
  ],
  [{ cause: 'error', code: 'EAGAIN', message: 'fork: refused' }, 'EAGAIN: fork: refused'],
  [{ cause: 'error', code: 'EMFILE', message: 'EMFILE: too many open files' }, 'EMFILE: too many open files'],
  [{ cause: 'error', code: null, message: 'broken' }, 'broken'],
];

const CHECK = { cause: 'graph-check', found: 3, expected: 5 } as const;
const REFUSALS: readonly (readonly [NativeRefusal, string])[] = [
  [{ cause: 'not-exported', symbol: 'v8dbg_x' }, 'this Node.js does not export v8dbg_x'],
  [
    { cause: 'graph-threw', message: 'WeakRef is not a constructor' },
    'the native writer threw: WeakRef is not a constructor',
  ],
  [{ cause: 'graph-crash', signal: 11 }, 'the native writer was ended by signal 11'],
  [{ ...CHECK, problem: 'memory' }, 'the native writer gave up: no memory was left for it'],
  [
    { ...CHECK, problem: 'layout' },
    'the native writer gave up: objects of this V8 are not laid out as expected (sample 3)',
  ],
  [
    { ...CHECK, problem: 'strong-missing' },
    'the native writer gave up: it did not find a planted object (number 3 of 5)',
  ],
  [
    { ...CHECK, problem: 'weak-held' },
    'the native writer gave up: it took a weak reference for a strong one (number 3 of 5)',
  ],
  [
    { ...CHECK, problem: 'names' },
    'the native writer gave up: it did not find the name of a planted property (number 3 of 5)',
  ],
  [{ ...CHECK, problem: 'sizes' }, "the native writer gave up: 3 of 5 sizes differ from V8's"],
  [
    { ...CHECK, problem: 'sum' },
    'the native writer gave up: the sizes of all objects add up to 3 bytes, while V8 uses 5',
  ],
  [{ ...CHECK, problem: 'counts' }, 'the native writer gave up: it wrote 3 nodes and edges in place of 5'],
  [{ ...CHECK, problem: 'output' }, 'the native writer gave up: its output could not be written'],
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

  for (const [refusal, words] of REFUSALS)
    it(`reads "${words}"`, () => assert.equal(nativeRefusalText(refusal), words));

  it('says how many children were tried', () => {
    assert.match(dumpFailureText({ cause: 'worker-busy' }, 5), / \(after 6 tries\)$/);
  });

  for (const [failure, words] of ANALYSES)
    it(`reads "${words}"`, () => assert.equal(analysisFailureText(failure), words));
});
