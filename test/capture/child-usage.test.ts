import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { openChildUsage } from '../../src/capture/child-usage.js';
import { eventually } from '../support/eventually.js';
import { startProgram } from './governed-process.js';

const MB = 2 ** 20;
const ELSEWHERE = process.platform === 'linux' ? false : 'reads /proc';

describe('What a child takes', { skip: ELSEWHERE }, () => {
  let child: ChildProcess | null = null;
  afterEach(() => child?.kill('SIGKILL'));

  it('grows with the memory it fills and with the time it computes', async () => {
    child = await startProgram('growing');
    const reader = openChildUsage(child.pid ?? 0);
    const first = reader?.read();
    assert.ok(reader && first);
    const later = await eventually('50 MB more', () => {
      const usage = reader.read();
      return usage !== null && usage.privateBytes > first.privateBytes + 50 * MB ? usage : null;
    });
    assert.ok(later.cpuSeconds > first.cpuSeconds);
    reader.close();
  });

  it('is not known once it has been waited for, nor where there is no such process', async () => {
    child = await startProgram('computing');
    const reader = openChildUsage(child.pid ?? 0);
    assert.ok(reader);
    assert.ok(reader.read());
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(reader.read(), null);
    reader.close();
    assert.equal(openChildUsage(child.pid ?? 0), null);
  });

  it('is read from files that are all closed in the end', () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const reader = openChildUsage(process.pid);
    assert.ok(descriptors() > before);
    reader?.close();
    assert.equal(openChildUsage(2 ** 30), null);
    assert.equal(descriptors(), before);
  });
});
