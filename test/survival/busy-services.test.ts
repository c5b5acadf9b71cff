import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BUSY_WAYS } from './busy-ways.js';
import type { Capture } from './captures.js';
import { reportOf, settled, unavailable } from './service.js';

interface BusyReport {
  readonly captures: readonly Capture[];
  readonly problems: readonly string[];
  readonly left: readonly string[];
}

const WORDS: Readonly<Record<keyof typeof BUSY_WAYS, string>> = {
  timers: 'hundreds of timers',
  sockets: 'connections',
  'thread-pool': "files, keys and compression in libuv's threads",
  inspector: 'a debugger, a CPU profiler, a heap profiler and allocation tracking',
  compiler: "functions that V8's threads optimise",
  workers: 'worker threads that fill and empty heaps of their own',
  memwatch: 'another addon that hooks collections',
  programs: 'programs that it starts and waits for, and a listener for SIGCHLD',
};

describe('A service can be captured by every rung while it is busy with', { skip: unavailable }, () => {
  for (const [way, words] of Object.entries(WORDS)) {
    it(words, async (context) => {
      if (way === 'memwatch' && !(await hasMemwatch())) {
        context.skip('node-memwatch is not installed for this Node.js');
        return;
      }
      const { captures, problems, left } = await reportOf<BusyReport>('busy-service', { args: [way] });
      assert.deepEqual(problems, []);
      assert.deepEqual(left, []);
      for (const each of settled(captures)) {
        assert.equal(each.outcome, 'success', JSON.stringify(each));
        assert.equal(each.whole, each.rung === 'sampled' || each.rung === 'full', JSON.stringify(each));
      }
      assert.equal(settled(captures).length, 5, JSON.stringify(captures));
    });
  }
});

async function hasMemwatch(): Promise<boolean> {
  try {
    await import('@airbnb/node-memwatch' as string);
    return true;
  } catch {
    return false;
  }
}
