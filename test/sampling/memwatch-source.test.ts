import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { Clock } from '../../src/runtime/clock.js';
import type { GcEvent, GcSource } from '../../src/sampling/gc-source.js';
import { createMemwatchSource, type MemwatchName } from '../../src/sampling/memwatch-source.js';
import { runProgram } from './child.js';

const EPOCH_MS = 1_700_000_000_000;

/** A memwatch package, a built-in source and a clock in the hands of the test. */
function setUp(name: MemwatchName) {
  const module = new EventEmitter();
  const timers = new Set<() => void>();
  let nowMs = 1_000;
  const clock: Clock = {
    now: () => EPOCH_MS + nowMs,
    monotonicMs: () => nowMs,
    after(_delayMs, callback) {
      timers.add(callback);
      return { cancel: () => timers.delete(callback) };
    },
  };
  let tell: ((events: readonly GcEvent[]) => void) | null = null;
  const builtIn: GcSource = {
    name: 'built-in',
    reason: 'test',
    start: (onEvents) => {
      tell = onEvents;
    },
    stop: () => {
      tell = null;
    },
  };
  const heard: GcEvent[] = [];
  const source = createMemwatchSource(name, module, 'test', builtIn, clock);
  source.start((events) => heard.push(...events));
  return {
    module,
    source,
    heard,
    timers,
    builtInRuns: () => tell !== null,
    builtIn: (...events: GcEvent[]) => tell?.(events),
    /** `stats` of node-memwatch for a cycle on the monotonic clock. */
    stats: (startMs: number, pauseMs: number, usedBytes: number) =>
      module.emit('stats', {
        gc_ts: (EPOCH_MS + startMs + pauseMs) * 1e3,
        gc_time: pauseMs * 1e6,
        used_heap_size: usedBytes,
        gcScavengeCount: 3,
      }),
    pass: (ms: number) => {
      nowMs += ms;
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
    },
  };
}

function cycle(kind: GcEvent['kind'], startMs: number, usedBytes: number | null): GcEvent {
  const figures =
    usedBytes === null ? null : { usedBytes, beforeBytes: usedBytes + 500, oldBytes: usedBytes - 100 };
  return { kind, startMs, pauseMs: 4, figures };
}

interface SideBySide {
  readonly skipped?: string;
  readonly name: string;
  readonly nativeEvents: readonly GcEvent[];
  readonly builtInEvents: readonly GcEvent[];
  /** Used heap of each `stats` event, as memwatch itself said it. */
  readonly said: readonly number[];
  readonly listeners: number;
}

describe('the native source next to the built-in one', () => {
  it('counts the same cycles, and adds the live heap after each full one', async (t) => {
    const result = (await runProgram('side-by-side')) as SideBySide;
    if (result.skipped !== undefined) {
      t.skip(result.skipped);
      return;
    }
    const used = (events: readonly GcEvent[]): readonly number[] =>
      events.filter((event) => event.kind === 'major').map((event) => event.figures?.usedBytes ?? 0);
    const cycles = (events: readonly GcEvent[]) =>
      events.map(({ kind, startMs, pauseMs }) => ({ kind, startMs, pauseMs }));
    assert.equal(result.name, 'node-memwatch');
    assert.ok(result.said.length >= 13, `${result.said.length} full collections`);
    assert.deepEqual(used(result.nativeEvents), result.said);
    assert.deepEqual(cycles(result.nativeEvents), cycles(result.builtInEvents));
    assert.equal(result.listeners, 0);
  });
});

describe('a memwatch source', () => {
  it('takes the live heap from memwatch and the rest from the built-in source', () => {
    const { heard, builtIn, stats } = setUp('node-memwatch');
    stats(900, 4, 7_000);
    assert.equal(heard.length, 0);
    builtIn(cycle('minor', 890, 5_000), cycle('major', 900.5, 6_990));
    assert.deepEqual(heard, [
      cycle('minor', 890, 5_000),
      {
        kind: 'major',
        startMs: 900.5,
        pauseMs: 4,
        figures: { usedBytes: 7_000, beforeBytes: 7_490, oldBytes: 6_890 },
      },
    ]);
  });

  it('keeps the order when stats come later than the cycles that follow', () => {
    const { heard, builtIn, stats } = setUp('node-memwatch');
    builtIn(cycle('major', 900, null), cycle('minor', 910, 1));
    builtIn(cycle('minor', 920, 2));
    assert.equal(heard.length, 0);
    stats(900, 4, 7_000);
    assert.deepEqual(
      heard.map((event) => [event.kind, event.startMs]),
      [
        ['major', 900],
        ['minor', 910],
        ['minor', 920],
      ],
    );
    assert.equal(heard[0]?.figures?.usedBytes, 7_000);
  });

  it('continues with the built-in figures if stats do not come, and reports the cycle once if they come late', () => {
    const { heard, builtIn, stats, pass, timers } = setUp('node-memwatch');
    builtIn(cycle('major', 900, 6_000), cycle('minor', 910, 1));
    pass(1_000);
    assert.deepEqual(heard, [cycle('major', 900, 6_000), cycle('minor', 910, 1)]);
    stats(900, 4, 6_000);
    pass(1_000);
    assert.equal(heard.length, 2);
    assert.equal(timers.size, 0);
  });

  it('reports a full GC that the built-in source missed', () => {
    const { heard, stats, pass } = setUp('node-memwatch');
    stats(900, 4, 7_000);
    pass(1_000);
    assert.equal(heard.length, 1);
    const [event] = heard;
    assert.ok(event !== undefined && Math.abs(event.startMs - 900) < 1);
    assert.deepEqual(
      [event.kind, event.pauseMs, event.figures],
      ['major', 4, { usedBytes: 7_000, beforeBytes: null, oldBytes: null }],
    );
  });

  it('matches stats to their cycle although the wall clock was set', () => {
    const { heard, builtIn, stats, pass } = setUp('node-memwatch');
    stats(-5_000, 4, 7_000);
    builtIn(cycle('major', 900, null));
    pass(1_000);
    assert.deepEqual(
      heard.map((event) => [event.startMs, event.figures?.usedBytes]),
      [[900, 7_000]],
    );
  });

  it('accepts memwatch-next, whose stats have no times', () => {
    const { heard, builtIn, module } = setUp('memwatch-next');
    const stats = { num_full_gc: 9, num_inc_gc: 4, heap_compactions: 9, usage_trend: 0, min: 1, max: 9_000 };
    module.emit('stats', { ...stats, current_base: 7_000, estimated_base: 6_500 });
    module.emit('stats', { ...stats, current_base: 8_000, estimated_base: 6_900 });
    builtIn(cycle('major', 900, null), cycle('minor', 910, null), cycle('major', 920, null));
    assert.deepEqual(
      heard.map((event) => [event.kind, event.startMs, event.figures?.usedBytes]),
      [
        ['major', 900, 7_000],
        ['minor', 910, undefined],
        ['major', 920, 8_000],
      ],
    );
  });

  it('ignores malformed stats', () => {
    const { heard, module, pass, timers } = setUp('node-memwatch');
    const malformed = [
      undefined,
      null,
      7,
      'stats',
      {},
      { used_heap_size: 5 },
      { used_heap_size: 5, gc_ts: 'now', gc_time: 1 },
    ];
    for (const stats of [...malformed, { current_base: Number.NaN }, { current_base: -1 }])
      module.emit('stats', stats);
    assert.equal(timers.size, 0);
    pass(1_000);
    assert.equal(heard.length, 0);
  });

  it('holds back a bounded number of cycles', () => {
    const { heard, builtIn } = setUp('node-memwatch');
    builtIn(cycle('major', 900, 1));
    for (let i = 0; i < 300; i++) builtIn(cycle('minor', 901 + i, 1));
    assert.ok(heard.length > 0);
  });

  it('removes its listener, its timer and the built-in source on stop, and starts again', () => {
    const { module, source, builtIn, stats, heard, timers, builtInRuns } = setUp('node-memwatch');
    builtIn(cycle('major', 900, 1));
    assert.equal(timers.size, 1);
    source.stop();
    assert.deepEqual([module.listenerCount('stats'), timers.size, builtInRuns()], [0, 0, false]);
    stats(900, 4, 7_000);
    assert.equal(heard.length, 0);
    source.start((events) => heard.push(...events));
    assert.equal(module.listenerCount('stats'), 1);
    source.stop();
    source.stop();
    assert.equal(module.listenerCount('stats'), 0);
  });
});
