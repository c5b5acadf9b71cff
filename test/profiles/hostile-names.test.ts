import assert from 'node:assert/strict';
import type { Runtime } from 'node:inspector';
import { describe, it } from 'node:test';
import { cpuPprof, cpuProfileJson } from '../../src/profiles/cpu-profile.js';
import { heapPprof, heapProfileJson, liveMemory } from '../../src/profiles/heap-profile.js';
import { readPprof } from '../support/pprof.js';
import { ORIGIN } from './profiles-fixture.js';

const call = (functionName: string, url: string): Runtime.CallFrame => ({
  functionName,
  scriptId: '7',
  url,
  lineNumber: 4,
  columnNumber: 2,
});

/** Names and addresses of programs that compute both. */
const CALLS = [
  call(`${'x'.repeat(299)}😀${'y'.repeat(10_000)}`, 'file:///app/a%20b.js?token=SECRET#SECRET'),
  call('\u001b[31mred\r\nSet-Cookie: a\u0000', 'data:text/javascript,SECRET'),
  call('\ud800<script>', 'https://user:SECRET@example.com/a.mjs?SECRET'),
  call('', 'file:///app/%ff.js'),
];

/** A chain of these calls; the innermost works and allocates. */
const profile = {
  nodes: [
    { id: 1, callFrame: call('(root)', ''), children: [2] },
    ...CALLS.map((callFrame, at) => ({
      id: at + 2,
      callFrame,
      children: at + 1 < CALLS.length ? [at + 3] : [],
    })),
  ],
  startTime: 1000,
  endTime: 5000,
  samples: [CALLS.length + 1, CALLS.length + 1],
  timeDeltas: [1000, 1000],
};
const node = (at: number): ReturnType<typeof liveMemory>['samples']['profile']['head'] => ({
  id: at + 1,
  callFrame: CALLS[at]!,
  selfSize: at === CALLS.length - 1 ? 4096 : 0,
  children: at === CALLS.length - 1 ? [] : [node(at + 1)],
});
const samples = {
  profile: {
    head: { id: 99, callFrame: call('(root)', ''), selfSize: 0, children: [node(0)] },
    samples: [{ ordinal: 1, size: 4096, nodeId: CALLS.length }],
  },
  objectBytes: new Map([[CALLS.length, 64]]),
  intervalBytes: 4096,
  sinceMs: 0,
};

const STACK = [
  '(anonymous) file:///app/%ff.js:5',
  '\ufffd<script> https://example.com/a.mjs:5',
  '\ufffd[31mred\ufffd\ufffdSet-Cookie: a\ufffd data::5',
  `${'x'.repeat(299)}\ufffd /app/a b.js:5`,
];

describe('Names and addresses of the watched program', () => {
  it('are cut, valid and inert in pprof, without code, queries and passwords', async () => {
    const cpu = readPprof(await cpuPprof({ profile, intervalMicros: 1000, startMs: 0 }, ORIGIN));
    assert.deepEqual(cpu.samples, [{ stack: STACK, values: [2, 3_000_000], labels: { thread: 'main' } }]);
    const heap = readPprof(await heapPprof(liveMemory(samples, 0), ORIGIN));
    assert.deepEqual(heap.samples, [{ stack: STACK, values: [64, 4096], labels: { thread: 'main' } }]);
  });

  it("are so in V8's formats as well", () => {
    const cpu = [...cpuProfileJson({ profile, intervalMicros: 1000, startMs: 0 })].join('');
    const heap = heapProfileJson(liveMemory(samples, 0));
    for (const json of [cpu, heap]) {
      assert.ok(!json.includes('SECRET') && !json.includes('\\u00') && !json.includes('\\ud800'), json);
      assert.ok(json.includes(`"functionName":"${'x'.repeat(299)}\ufffd"`));
    }
    const { nodes, ...rest } = JSON.parse(cpu);
    assert.deepEqual(nodes[2].callFrame, {
      functionName: '\ufffd[31mred\ufffd\ufffdSet-Cookie: a\ufffd',
      scriptId: '7',
      url: 'data:',
      lineNumber: 4,
      columnNumber: 2,
    });
    assert.deepEqual(rest, { startTime: 1000, endTime: 5000, samples: [5, 5], timeDeltas: [1000, 1000] });
  });

  it('of another thread are marked with it', async () => {
    const worker = { ...ORIGIN, threadId: 3 };
    const { comments, samples: all } = readPprof(await heapPprof(liveMemory(samples, 0), worker));
    assert.ok(comments.includes('thread worker-3'));
    assert.deepEqual(all[0]?.labels, { thread: 'worker-3' });
  });

  it('come without a count of objects where nobody counts them', async () => {
    const uncounted = liveMemory({ ...samples, objectBytes: null }, 0);
    const { types, defaultType, samples: all } = readPprof(await heapPprof(uncounted, ORIGIN));
    assert.deepEqual([types, defaultType, all[0]?.values], [['inuse_space/bytes'], 'inuse_space', [4096]]);
  });
});
