import assert from 'node:assert/strict';
import { freemem, totalmem } from 'node:os';
import { describe, it } from 'node:test';
import { type MemoryLimit, readMemoryLimit } from '../../src/sampling/memory-limit.js';

const MB = 2 ** 20;

function limitIn(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux'): MemoryLimit {
  return readMemoryLimit({ platform, readFile: (path) => files[path] ?? null, freeMemory: () => 123 * MB });
}

const HOST = {
  '/proc/meminfo': 'MemTotal:       8388608 kB\nMemFree:         102400 kB\nMemAvailable:    2097152 kB\n',
};

describe('the memory limit', () => {
  it('of cgroup v2 is the smallest on the way up from the own group', () => {
    const pod = '/sys/fs/cgroup/kubepods/pod7';
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '0::/kubepods/pod7/main\n',
      [`${pod}/main/memory.max`]: 'max\n',
      [`${pod}/main/memory.high`]: `${600 * MB}\n`,
      [`${pod}/main/memory.current`]: `${200 * MB}\n`,
      [`${pod}/memory.max`]: `${512 * MB}\n`,
      [`${pod}/memory.high`]: 'max\n',
      [`${pod}/memory.current`]: `${300 * MB}\n`,
      '/sys/fs/cgroup/memory.max': `${4096 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 512 * MB, availableBytes: 212 * MB });
  });

  it('counts file pages that the kernel takes back as available', () => {
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': `${256 * MB}\n`,
      '/sys/fs/cgroup/memory.current': `${250 * MB}\n`,
      '/sys/fs/cgroup/memory.stat': `anon ${100 * MB}\ninactive_file ${90 * MB}\nactive_file ${60 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 256 * MB, availableBytes: 96 * MB });
  });

  it('of cgroup v1 is found above a path that is the host’s, and its largest number is no limit', () => {
    const lines = '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n';
    const root = '/sys/fs/cgroup/memory';
    const limited = limitIn({
      ...HOST,
      '/proc/self/cgroup': lines,
      [`${root}/memory.limit_in_bytes`]: `${512 * MB}\n`,
      [`${root}/memory.usage_in_bytes`]: `${400 * MB}\n`,
      [`${root}/memory.stat`]: `inactive_file 0\ntotal_inactive_file ${50 * MB}\n`,
    });
    assert.deepEqual(limited, { limitBytes: 512 * MB, availableBytes: 162 * MB });
    const unlimited = limitIn({
      ...HOST,
      '/proc/self/cgroup': lines,
      [`${root}/docker/abc/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${root}/memory.limit_in_bytes`]: '9223372036854771712\n',
    });
    assert.deepEqual(unlimited, { limitBytes: null, availableBytes: 2048 * MB });
  });

  it('leaves no less than nothing, and no more than the host has', () => {
    const group = { '/proc/self/cgroup': '0::/../../other\n', '/sys/fs/cgroup/memory.max': `${100 * MB}` };
    const over = limitIn({ ...HOST, ...group, '/sys/fs/cgroup/memory.current': `${130 * MB}` });
    assert.deepEqual(over, { limitBytes: 100 * MB, availableBytes: 0 });
    const roomy = limitIn({
      ...HOST,
      '/proc/self/cgroup': '0::/',
      '/sys/fs/cgroup/memory.max': `${9000 * MB}`,
      '/sys/fs/cgroup/memory.current': '0',
    });
    assert.deepEqual(roomy, { limitBytes: 9000 * MB, availableBytes: 2048 * MB });
  });

  it('is unknown rather than wrong where files are missing or make no sense', () => {
    assert.deepEqual(limitIn({}), { limitBytes: null, availableBytes: null });
    const garbled = {
      '/proc/self/cgroup': 'what\n0::/\n',
      '/sys/fs/cgroup/memory.max': '-3\n',
      '/proc/meminfo': 'MemTotal',
    };
    assert.deepEqual(limitIn(garbled), { limitBytes: null, availableBytes: null });
  });

  it('outside Linux there is none, and what is available is the free memory', () => {
    assert.deepEqual(limitIn(HOST, 'darwin'), { limitBytes: null, availableBytes: 123 * MB });
  });

  it('of this machine is plausible', () => {
    const { limitBytes, availableBytes } = readMemoryLimit();
    assert.ok(limitBytes === null || limitBytes > 0);
    assert.ok(
      availableBytes !== null && availableBytes > 0 && availableBytes <= Math.max(totalmem(), freemem()),
    );
  });
});
