import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OutsideFinding } from '../../../src/findings/outside/outside-finding.js';
import { OutsideWatch } from '../../../src/findings/outside/outside-watch.js';
import { PACE_RULES, type Pace } from '../../../src/pace/pace.js';
import type { HeapSample } from '../../../src/sampling/heap-sample.js';
import { collectedSample, heapSample } from '../../support/heap-sample.js';

const MB = 2 ** 20;
const TICK_SECONDS = { fast: 1, production: 10 } as const;

interface Watched {
  readonly last: readonly OutsideFinding[];
  /** Seconds from the start until the first finding of a status. */
  readonly firstAt: Readonly<Record<'suspected' | 'confirmed', number | null>>;
  /** Types of what rises at the end. */
  readonly rising: readonly string[];
}

/** Watches `seconds` of a drawn process; a full collection every `collectSeconds`. */
function watched(
  draw: (second: number) => Partial<HeapSample>,
  { pace = 'fast' as Pace, seconds = 120, collectSeconds = 0 } = {},
): Watched {
  const watch = new OutsideWatch(PACE_RULES[pace].outside);
  const firstAt: Record<'suspected' | 'confirmed', number | null> = { suspected: null, confirmed: null };
  let last: readonly OutsideFinding[] = [];
  const take = (second: number, found: readonly OutsideFinding[] | null): void => {
    last = found ?? last;
    for (const { status } of found ?? []) firstAt[status] ??= second;
  };
  for (let second = 0; second <= seconds; second += TICK_SECONDS[pace]) {
    if (collectSeconds > 0 && second % collectSeconds === 0) {
      const { handles, descriptors, ...rest } = draw(second);
      take(second, watch.observe(collectedSample(second, rest)));
    }
    take(second, watch.observe(heapSample(second + 0.1, draw(second))));
  }
  return { last, firstAt, rising: watch.rising.map(({ type }) => type) };
}

const saysOf = (findings: readonly OutsideFinding[]) => findings[0]?.reasons.map(({ says }) => says) ?? [];

const handles = (type: string, perSecond: number) => (second: number) => ({
  handles: { [type]: Math.floor(perSecond * second) },
});

describe('What grows outside the graph', () => {
  it('is confirmed within about 75 s at the pace fast, and never before 10 minutes at production', () => {
    const fast = watched(handles('FSEventWrap', 10));
    assert.ok(fast.firstAt.suspected! <= 50 && fast.firstAt.confirmed! <= 75, JSON.stringify(fast.firstAt));
    const slow = watched(handles('FSEventWrap', 1), { pace: 'production', seconds: 1_200 });
    assert.ok(
      slow.firstAt.confirmed! >= 720 && slow.firstAt.confirmed! <= 1_000,
      JSON.stringify(slow.firstAt),
    );
  });

  it('has the name of what is counted, its numbers, and the same id each time', () => {
    const { last, rising } = watched(handles('FSEventWrap', 10));
    const [finding] = last;
    assert.ok(finding !== undefined);
    assert.deepEqual(
      [finding.kind, finding.className, finding.mechanism],
      ['handles', 'FSEventWrap', 'watchers'],
    );
    assert.equal(Math.round(finding.growth.objectsPerSecond), 10);
    assert.equal(finding.growth.bytesPerSecond, 0);
    assert.deepEqual(rising, ['FSEventWrap']);
    assert.equal(watched(handles('FSEventWrap', 20)).last[0]?.id, finding.id);
    assert.notEqual(watched(handles('ProcessWrap', 20)).last[0]?.id, finding.id);
  });

  it('is confirmed where a leak of each request slows down only because the traffic falls to a third', () => {
    const SECONDS = 240;
    const requests = (second: number) => 60 * second - (20 * second ** 2) / SECONDS;
    const leak = (second: number) => ({
      handles: { FSEventWrap: Math.floor(requests(second) / 6) },
    });
    const counted = watched((second) => ({ ...leak(second), requests: Math.floor(requests(second)) }), {
      seconds: SECONDS,
    });
    assert.equal(counted.last[0]?.status, 'confirmed');
    const unknown = watched(leak, { seconds: SECONDS });
    assert.ok(saysOf(unknown.last).includes('slower'), 'without traffic to relate it to, it slows down');
  });

  it('is not confirmed where timers may be as many as live within their delay', () => {
    const { last, firstAt } = watched(handles('Timeout', 10), { seconds: 1_200 });
    assert.equal(firstAt.confirmed, null);
    assert.equal(last[0]?.status, 'suspected');
    assert.ok(saysOf(last).includes('looks-healthy'));
  });

  it('is not confirmed where clients decide how many sockets there are, and is where the process serves none', () => {
    const sockets = handles('TCPSocketWrap', 10);
    assert.equal(watched((second) => ({ ...sockets(second), requests: second })).firstAt.confirmed, null);
    assert.notEqual(watched(sockets).firstAt.confirmed, null);
  });

  it('knows that clients decide also at a GC, whose sample counts no handles', () => {
    const { firstAt } = watched((second) => ({ handles: { TCPSocketWrap: second * 10, TCPServerWrap: 1 } }), {
      collectSeconds: 1,
    });
    assert.notEqual(firstAt.suspected, null);
    assert.equal(firstAt.confirmed, null);
  });

  it('is not confirmed where it grows as connections do', () => {
    const { firstAt } = watched((second) => ({
      descriptors: 20 + second * 20,
      handles: { TCPSocketWrap: second * 10, TCPServerWrap: 1 },
    }));
    assert.equal(firstAt.confirmed, null);
  });

  it('is confirmed for descriptors that no socket explains', () => {
    const { last } = watched((second) => ({ descriptors: 20 + second * 10 }));
    assert.deepEqual([last[0]?.className, last[0]?.status], ['FileDescriptor', 'confirmed']);
  });

  it('is only suspected for descriptors of which the newest are no files: another thread may serve', () => {
    const opened = (newFilesPart: number | null) =>
      watched((second) => ({ descriptors: 20 + second * 10, newFilesPart }));
    const { firstAt, last } = opened(0.4);
    assert.notEqual(firstAt.suspected, null);
    assert.equal(firstAt.confirmed, null);
    assert.ok(saysOf(last).includes('not-files'));
    assert.notEqual(opened(0.5).firstAt.confirmed, null);
    assert.notEqual(opened(null).firstAt.confirmed, null);
  });

  it('says nothing of buffers before V8 collected, and opens the gate meanwhile', () => {
    const { last, rising } = watched((second) => ({ externalBytes: second * MB }));
    assert.deepEqual([last, rising], [[], ['external']]);
  });

  it('confirms buffers that are more after each of several full collections', () => {
    const { last, firstAt } = watched(
      (second) => ({ externalBytes: second * MB, rssBytes: (140 + second) * MB }),
      {
        collectSeconds: 10,
        seconds: 240,
      },
    );
    assert.deepEqual([last[0]?.kind, last[0]?.status], ['external', 'confirmed']);
    assert.ok(firstAt.suspected! <= 50 && firstAt.confirmed! >= 180, JSON.stringify(firstAt));
    assert.equal(Math.round(last[0]!.growth.bytesPerSecond), MB);
  });

  it('confirms buffers as well where V8 collects fully every second', () => {
    const { firstAt } = watched((second) => ({ externalBytes: second * MB }), {
      collectSeconds: 1,
      seconds: 240,
    });
    assert.notEqual(firstAt.confirmed, null);
  });

  it('leaves buffers alone that each full collection takes', () => {
    const { firstAt } = watched((second) => ({ externalBytes: (4 + (second % 40) * 2) * MB }), {
      collectSeconds: 40,
      seconds: 600,
    });
    assert.deepEqual(firstAt, { suspected: null, confirmed: null });
  });

  it('confirms native memory with advice and the time left in the container', () => {
    const { last } = watched(
      (second) => ({
        rssBytes: (140 + second) * MB,
        memoryLimitBytes: 1_000 * MB,
        memoryAvailableBytes: 500 * MB,
      }),
      { collectSeconds: 15, seconds: 240 },
    );
    const [finding] = last;
    assert.deepEqual([finding?.kind, finding?.status], ['native', 'confirmed']);
    assert.equal(finding?.reasons[1]?.says, 'native');
    assert.ok(Math.abs((finding?.secondsToLimit ?? 0) - 500) < 5);
  });

  const explained: Readonly<Record<string, (second: number) => Partial<HeapSample>>> = {
    'the heap': (second) => ({ rssBytes: (140 + second) * MB, committedBytes: (50 + second) * MB }),
    'files that are mapped': (second) => ({ rssBytes: (140 + second) * MB, sharedBytes: (40 + second) * MB }),
    'a buffer that fills': (second) => ({ rssBytes: (140 + second) * MB, externalBytes: 400 * MB }),
    'mostly the heap': (second) => ({
      rssBytes: (140 + second) * MB,
      committedBytes: (50 + second * 0.6) * MB,
    }),
  };
  for (const [name, draw] of Object.entries(explained)) {
    it(`leaves growth of the process alone that is explained by ${name}`, () => {
      assert.deepEqual(watched(draw).last, []);
    });
  }

  it('only suspects native memory while V8 has not collected: objects that nobody holds may own it', () => {
    const { firstAt, last } = watched((second) => ({ rssBytes: (140 + second) * MB }), { seconds: 240 });
    assert.notEqual(firstAt.suspected, null);
    assert.equal(firstAt.confirmed, null);
    assert.ok(saysOf(last).includes('uncollected'));
  });

  it('only suspects native memory where worker threads run', () => {
    const { firstAt } = watched((second) => ({ rssBytes: (140 + second) * MB, workersStarted: 1 }), {
      collectSeconds: 15,
      seconds: 240,
    });
    assert.notEqual(firstAt.suspected, null);
    assert.equal(firstAt.confirmed, null);
  });

  it('relates bytes to requests, or to those made where none is served', () => {
    const leak = (second: number) => ({ rssBytes: (140 + second) * MB });
    const served = watched((second) => ({ ...leak(second), requests: second * 8 }));
    const made = watched((second) => ({ ...leak(second), outgoingRequests: second * 4 }));
    assert.ok(Math.abs(served.last[0]!.growth.bytesPerRequest! / (MB / 8) - 1) < 0.2);
    assert.ok(Math.abs(made.last[0]!.growth.bytesPerRequest! / (MB / 4) - 1) < 0.2);
  });

  it('is delivered no more some time after it stopped', () => {
    const { last, firstAt } = watched((second) => handles('FSEventWrap', 10)(Math.min(second, 100)), {
      seconds: 240,
    });
    assert.notEqual(firstAt.confirmed, null);
    assert.deepEqual(last, []);
  });

  it('follows a bounded number of types, whatever names there are', () => {
    const many = (second: number) => ({
      handles: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`Type${i}`, 20 + second * 10])),
    });
    assert.equal(watched(many).last.length, 16);
  });

  it('is not confirmed while it slows down, and is no reason to capture once it slows down much', () => {
    const filling = (seconds: number, timeConstant: number) =>
      watched((second) => ({ handles: { FSEventWrap: 4000 * (1 - Math.exp(-second / timeConstant)) } }), {
        seconds,
      });
    const slowing = filling(65, 100);
    assert.notEqual(slowing.firstAt.suspected, null);
    assert.equal(slowing.firstAt.confirmed, null);
    assert.ok(saysOf(slowing.last).includes('slower'));
    assert.deepEqual(filling(120, 40).rising, []);
  });
});
