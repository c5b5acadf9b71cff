import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutsideWindow, openSockets } from '../../src/trend/outside-window.js';
import { collectedSample, heapSample } from '../support/heap-sample.js';

const MB = 2 ** 20;
const RULES = { slotMs: 5_000, warmUpMs: 5_000 };

function floorsOf(window: OutsideWindow, type: string): readonly number[] {
  return (
    window
      .series()
      .find((series) => series.type === type)
      ?.floors.map(({ bytes }) => bytes) ?? []
  );
}

describe('The window on what is outside the graph', () => {
  it('takes nothing in while the program warms up', () => {
    const window = new OutsideWindow(RULES);
    for (let second = 100; second < 105; second++) assert.equal(window.add(heapSample(second)), false);
    assert.deepEqual(window.series(), []);
    for (let second = 105; second < 120; second++) window.add(heapSample(second));
    assert.deepEqual(
      window.series().map(({ kind, type }) => `${kind}/${type}`),
      ['external/external', 'contexts/NativeContext', 'native/native', 'handles/FileDescriptor'],
    );
  });

  it('says when there is something new to judge', () => {
    const window = new OutsideWindow(RULES);
    const ended = Array.from({ length: 21 }, (_, second) => window.add(heapSample(second)));
    assert.deepEqual(
      ended.flatMap((is, second) => (is ? [second] : [])),
      [10, 15, 20],
    );
  });

  it('counts as native what neither heap, files, buffers nor V8 explain, and never less than nothing', () => {
    const window = new OutsideWindow(RULES);
    // 140 MB resident: 40 of files, 50 of heap, 4 external, 1 of V8's own leave 45.
    for (let second = 0; second < 12; second++) window.add(heapSample(second));
    for (let second = 12; second < 22; second++) window.add(heapSample(second, { externalBytes: 400 * MB }));
    assert.deepEqual(floorsOf(window, 'native'), [45 * MB, 0, 0]);
  });

  it('counts a type of handles that went to none as none', () => {
    const window = new OutsideWindow(RULES);
    for (let second = 0; second < 21; second++) {
      const timers = second < 10 ? { Timeout: 20 } : second < 15 ? {} : { Timeout: 50 };
      window.add(heapSample(second, { handles: timers }));
    }
    assert.deepEqual(floorsOf(window, 'Timeout'), [20, 0, 50]);
  });

  it('keeps what full collections leave apart: of memory outside the heap when the next tick shows it', () => {
    const window = new OutsideWindow(RULES);
    for (let second = 0; second < 8; second++) window.add(heapSample(second));
    window.add(collectedSample(8, { externalBytes: 9 * MB, nativeContexts: 5 }));
    window.add(heapSample(9, { rssBytes: 150 * MB }));
    const collected = (type: string) =>
      window
        .series()
        .find((series) => series.type === type)
        ?.collected?.map(({ ms, bytes }) => [ms, bytes]);
    assert.deepEqual(collected('external'), [[8_000, 9 * MB]]);
    assert.deepEqual(collected('NativeContext'), [[8_000, 5]]);
    assert.deepEqual(collected('native'), [[9_000, 55 * MB]]);
    assert.equal(window.series().find(({ kind }) => kind === 'handles')?.collected, null);
  });

  it('gives the change of its surroundings over the same time', () => {
    const window = new OutsideWindow(RULES);
    for (let second = 0; second < 60; second++) {
      const handles = { TCPSocketWrap: second, PipeWrap: 2 };
      window.add(heapSample(second, { rssBytes: (100 + second) * MB, requests: second * 10, handles }));
    }
    const gains = window.gainsSince(20_000);
    assert.deepEqual(gains, { residentBytes: 25 * MB, sockets: 25, requests: 250 });
    assert.equal(window.gainsSince(-1e6).requests, null);
  });

  it('counts sockets and pipes of a sample that counted handles', () => {
    assert.equal(openSockets(heapSample(1, { handles: { TCPSocketWrap: 3, PipeWrap: 1, Timeout: 9 } })), 4);
    assert.equal(openSockets(collectedSample(1)), null);
  });
});
