import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newestSample, type SamplingProfile, stacksOf } from '../../src/sampling/sampling-profile.js';

type ProfileNode = SamplingProfile['head'];

/** A chain of calls, the outermost first, of which the innermost has allocated. */
function profile(selfSize: number, ...calls: (readonly [name: string, url: string])[]): SamplingProfile {
  const node = (at: number): ProfileNode => {
    const [functionName, url] = calls[at]!;
    return {
      id: at,
      callFrame: { functionName, scriptId: '1', url, lineNumber: 6, columnNumber: 2 },
      selfSize: at === calls.length - 1 ? selfSize : 0,
      children: at === calls.length - 1 ? [] : [node(at + 1)],
    };
  };
  const samples = [3, 9, 4].map((ordinal) => ({ ordinal, size: 1, nodeId: 0 }));
  return { head: node(0), samples };
}

const APP = 'file:///app/a.js';
const OWN = new URL('../../src/watcher.js', import.meta.url).href;
const names = (...calls: Parameters<typeof profile>) =>
  stacksOf(profile(...calls)).map(({ frames }) => frames.map((frame) => frame.function));

describe('The stacks of a profile', () => {
  it('begin at the innermost function outside Node, with the callers outside Node, lines from 1', () => {
    const calls = [
      ['(root)', ''],
      ['listen', 'node:net'],
      ['handle', APP],
      ['emit', 'node:events'],
      ['record', APP],
      ['set', ''],
    ] as const;
    const [stack] = stacksOf(profile(500, ...calls));
    assert.deepEqual(stack?.frames[0], { function: 'record', url: APP, line: 7, column: 3 });
    assert.deepEqual([stack?.frames.length, stack?.liveBytes], [2, 500]);
  });

  it("are Node's innermost function if there is no other, and empty if only V8 allocates", () => {
    assert.deepEqual(
      names(1, ['(root)', ''], ['emit', 'node:events'], ['connect', 'node:net'], ['bind', '']),
      [['connect']],
    );
    assert.deepEqual(names(1, ['(root)', ''], ['(GC)', '']), []);
  });

  it('leave out what this package allocates, but not what the program does in its callbacks', () => {
    assert.deepEqual(names(1, ['(root)', ''], ['onTick', OWN]), []);
    assert.deepEqual(names(1, ['(root)', ''], ['tell', OWN], ['onFinding', APP]), [['onFinding']]);
  });

  it('have a bounded number of bounded frames, without queries and without code in addresses', () => {
    const deep = Array.from(
      { length: 60 },
      (_, at) => [`f${at}${'x'.repeat(400)}`, `${APP}?at=${at}`] as const,
    );
    const [stack] = stacksOf(profile(1, ...deep));
    assert.equal(stack?.frames.length, 16);
    assert.deepEqual([stack?.frames[0]?.function.length, stack?.frames[0]?.url], [300, APP]);
    const [data] = stacksOf(profile(1, ['f', 'data:text/javascript,const secret = 1']));
    assert.equal(data?.frames[0]?.url, 'data:');
  });

  it('come with the ordinal of the newest sample', () => {
    assert.equal(newestSample(profile(1, ['f', APP])), 9);
  });
});
