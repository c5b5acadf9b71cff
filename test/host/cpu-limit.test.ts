import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCpuCores } from '../../src/host/cpu-limit.js';
import { drawnFiles } from '../support/drawn-files.js';

function coresIn(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux') {
  return readCpuCores({ ...drawnFiles(files), platform });
}

describe('the CPU limit', () => {
  it('of cgroup v2 is the smallest quota on the way up from the own group', () => {
    const pod = '/sys/fs/cgroup/kubepods/pod7';
    const files = {
      '/proc/self/cgroup': '0::/kubepods/pod7/main\n',
      [`${pod}/main/cpu.max`]: '150000 100000\n',
      [`${pod}/cpu.max`]: '50000 100000\n',
      '/sys/fs/cgroup/kubepods/cpu.max': 'max 100000\n',
    };
    assert.equal(coresIn(files), 0.5);
    assert.equal(coresIn({ ...files, [`${pod}/main/cpu.max`]: '5000 20000\n' }), 0.25);
  });

  it('of cgroup v1 is quota divided by period, also in a hybrid hierarchy and if controllers share a mount', () => {
    const files = {
      '/proc/self/cgroup': '4:memory:/app\n2:cpu,cpuacct:/app\n0::/app\n',
      '/proc/self/mountinfo':
        '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
      '/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us': '50000\n',
      '/sys/fs/cgroup/unified/app/cpu.max': '1000 100000\n',
    };
    assert.equal(coresIn(files), 4);
  });

  it('is null without a quota, with nonsensical files, and outside Linux', () => {
    const root = '/sys/fs/cgroup/cpu';
    const none = {
      '/proc/self/cgroup': '2:cpu:/\n',
      [`${root}/cpu.cfs_quota_us`]: '-1\n',
      [`${root}/cpu.cfs_period_us`]: '100000\n',
    };
    assert.equal(coresIn(none), null);
    assert.equal(coresIn({ ...none, [`${root}/cpu.cfs_quota_us`]: '50000\n' }), 0.5);
    assert.equal(coresIn({ ...none, [`${root}/cpu.cfs_quota_us`]: '50000\n' }, 'darwin'), null);
    assert.equal(coresIn({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max\n' }), null);
    assert.equal(coresIn({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '10 0\n' }), null);
    assert.equal(coresIn({}), null);
  });

  it('of this machine is plausible', () => {
    const cores = readCpuCores();
    assert.ok(cores === null || cores > 0);
  });
});
