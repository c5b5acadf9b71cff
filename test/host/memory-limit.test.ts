import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { describe, it } from 'node:test';
import {
  createMemoryLimitReader,
  type MemoryLimit,
  type MemoryLimitHost,
  readMemoryLimit,
} from '../../src/host/memory-limit.js';
import { drawnFiles } from '../support/drawn-files.js';

const MB = 2 ** 20;

function host(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux'): MemoryLimitHost {
  return { ...drawnFiles(files), platform, freeMemory: () => 123 * MB };
}

function limitIn(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux'): MemoryLimit {
  return readMemoryLimit(host(files, platform));
}

const HOST = {
  '/proc/meminfo': 'MemTotal:       8388608 kB\nMemFree:         102400 kB\nMemAvailable:    2097152 kB\n',
};

const HYBRID_MOUNTS = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  '',
].join('\n');

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

  it('counts file pages that the kernel can reclaim as available', () => {
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': `${256 * MB}\n`,
      '/sys/fs/cgroup/memory.current': `${250 * MB}\n`,
      '/sys/fs/cgroup/memory.stat': `anon ${100 * MB}\ninactive_file ${90 * MB}\nactive_file ${60 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 256 * MB, availableBytes: 96 * MB });
  });

  it('of cgroup v1 is found although the path is the host’s, and its largest number means no limit', () => {
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

  it('of cgroup v1 also covers memory and swap together', () => {
    const root = '/sys/fs/cgroup/memory';
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '4:memory:/\n',
      [`${root}/memory.limit_in_bytes`]: `${500 * MB}\n`,
      [`${root}/memory.usage_in_bytes`]: `${300 * MB}\n`,
      [`${root}/memory.memsw.limit_in_bytes`]: `${600 * MB}\n`,
      [`${root}/memory.memsw.usage_in_bytes`]: `${560 * MB}\n`,
      [`${root}/memory.stat`]: `swap ${260 * MB}\ntotal_inactive_file ${20 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 500 * MB, availableBytes: 60 * MB });
  });

  it('in a hybrid hierarchy is that of version 1, whatever the unified tree says', () => {
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '9:name=systemd:/app\n4:memory:/app\n0::/app\n',
      '/proc/self/mountinfo': HYBRID_MOUNTS,
      '/sys/fs/cgroup/memory/app/memory.limit_in_bytes': `${512 * MB}\n`,
      '/sys/fs/cgroup/memory/app/memory.usage_in_bytes': `${500 * MB}\n`,
      '/sys/fs/cgroup/unified/app/memory.max': `${100 * MB}\n`,
      '/sys/fs/cgroup/app/memory.max': `${100 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 512 * MB, availableBytes: 12 * MB });
  });

  it('in a hybrid hierarchy is that of version 2 if the controller was moved there', () => {
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '1:cpu:/app\n0::/app\n',
      '/proc/self/mountinfo': HYBRID_MOUNTS,
      '/sys/fs/cgroup/unified/app/memory.max': `${100 * MB}\n`,
      '/sys/fs/cgroup/unified/app/memory.current': `${30 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 100 * MB, availableBytes: 70 * MB });
  });

  it('of a group inside a container is found if the mount shows the container as its root', () => {
    const limit = limitIn({
      ...HOST,
      '/proc/self/cgroup': '4:memory:/docker/abc/worker\n',
      '/proc/self/mountinfo':
        '40 31 0:32 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory\n',
      '/sys/fs/cgroup/memory/worker/memory.limit_in_bytes': `${64 * MB}\n`,
      '/sys/fs/cgroup/memory/worker/memory.usage_in_bytes': `${60 * MB}\n`,
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${512 * MB}\n`,
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${100 * MB}\n`,
    });
    assert.deepEqual(limit, { limitBytes: 64 * MB, availableBytes: 4 * MB });
  });

  it('never leaves less than zero, or more than the host has', () => {
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

  it('is unknown rather than wrong if files are missing or nonsensical', () => {
    assert.deepEqual(limitIn({}), { limitBytes: null, availableBytes: null });
    const garbled = {
      '/proc/self/cgroup': 'what\n0::/\n',
      '/sys/fs/cgroup/memory.max': '-3\n',
      '/proc/meminfo': 'MemTotal',
    };
    assert.deepEqual(limitIn(garbled), { limitBytes: null, availableBytes: null });
  });

  it('outside Linux is null, and available is the free memory', () => {
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

describe('a reader of the memory limit', () => {
  const files: Record<string, string> = {
    ...HOST,
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': `${256 * MB}\n`,
    '/sys/fs/cgroup/memory.current': `${200 * MB}\n`,
    '/sys/fs/cgroup/memory.stat': 'anon 0\ninactive_file 0\n',
  };

  it('reads only the usage again each time', () => {
    const asked: string[] = [];
    const drawn = host(files);
    const reader = createMemoryLimitReader({
      ...drawn,
      readFile: (path) => {
        asked.push(path);
        return drawn.readFile(path);
      },
      open: (path) => {
        asked.push(path);
        return drawn.open(path);
      },
    });
    assert.deepEqual(reader.read(), { limitBytes: 256 * MB, availableBytes: 56 * MB });
    const before = asked.length;
    files['/sys/fs/cgroup/memory.current'] = `${250 * MB}\n`;
    files['/sys/fs/cgroup/memory.stat'] = `anon 0\ninactive_file ${4 * MB}\n`;
    assert.deepEqual(reader.read(), { limitBytes: 256 * MB, availableBytes: 10 * MB });
    assert.equal(asked.length, before, 'no file was looked for again');
    reader.close();
    assert.deepEqual(reader.read(), { limitBytes: 256 * MB, availableBytes: null });
  });

  it('opens its files once and closes all of them', { skip: process.platform !== 'linux' }, () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const reader = createMemoryLimitReader();
    const open = descriptors();
    for (let i = 0; i < 100; i++) reader.read();
    assert.ok(open > before);
    assert.equal(descriptors(), open);
    reader.close();
    reader.close();
    assert.equal(descriptors(), before);
  });

  it('on this machine agrees with a single reading', () => {
    const reader = createMemoryLimitReader();
    const { limitBytes, availableBytes } = reader.read();
    const single = readMemoryLimit();
    reader.close();
    assert.equal(limitBytes, single.limitBytes);
    assert.ok(availableBytes !== null && single.availableBytes !== null);
    assert.ok(Math.abs(availableBytes - single.availableBytes) < single.availableBytes / 4 + 64 * MB);
  });
});
