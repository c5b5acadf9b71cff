import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as v8 from 'node:v8';
import { loadBinding } from '../../src/native/binding.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { type ReadPprof, readPprof, total } from '../support/pprof.js';

const PROGRAM = fileURLToPath(new URL('../operations/programs/scanned.js', import.meta.url));
const TOKEN = issueToken();
const isQuiet = 'startHeapProfile' in v8 || loadBinding().binding !== null;
const skip = isQuiet ? false : 'neither Node nor the addon begins a profiler that does not collect';

/** Bytes that the program holds; V8 may have inlined the constructor of an order. */
function ordersIn({ samples, types }: ReadPprof): number {
  const at = types.indexOf('inuse_space/bytes');
  return samples
    .filter(({ stack }) => stack.some((frame) => frame.includes('/scanned.js:')))
    .reduce((sum, { values }) => sum + values[at]!, 0);
}

describe('A service that leaks orders', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-profiled-'));
  const service = spawn(process.execPath, [PROGRAM, TOKEN, folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(service, 'close');
  let port = 0;
  const ask = (path: string, method = 'GET') =>
    fetchChecked(`http://127.0.0.1:${port}/ops${path}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
  const pprof = async (path: string) => readPprof(new Uint8Array(await (await ask(path)).arrayBuffer()));

  /** Records, and waits for the end; returns the profile. */
  async function recorded(kind: 'heap' | 'cpu') {
    const begun = await ask(`/profile/${kind}?seconds=2`, 'POST');
    assert.equal(begun.status, 202);
    const path = begun.headers.get('location')!.replace('/ops', '');
    await eventually('the end of the profile', async () => {
      const operation = (await (await ask(`${path}?waitSeconds=10`)).json()) as { state: string };
      assert.notEqual(operation.state, 'failed');
      return operation.state === 'succeeded';
    });
    return await pprof(`${path}/file`);
  }

  before(async () => {
    const [line] = await once(service.stdout, 'data');
    port = Number(String(line));
  });
  after(async () => {
    service.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });

  it('shows them in the profile of its live memory, which grows', { skip }, async () => {
    const first = await eventually('samples of orders', async () => {
      const profile = await pprof('/profile/heap');
      return ordersIn(profile) > 0 ? profile : null;
    });
    await eventually('growth', async () => {
      const now = await pprof('/profile/heap?seconds=30');
      return ordersIn(now) > ordersIn(first);
    });
  });

  it('shows them in the profile of its new memory', { skip }, async () => {
    const profile = await recorded('heap');
    assert.equal(profile.durationMs, 2000);
    assert.ok(ordersIn(profile) > 0);
  });

  it('is profiled for its CPU while it works', async () => {
    const profile = await recorded('cpu');
    assert.ok(profile.durationMs >= 2000, `${profile.durationMs} ms`);
    assert.ok(total(profile, 'samples/count') > 0);
  });

  it('ends by itself while its new memory is recorded', { skip }, async () => {
    assert.equal((await ask('/profile/heap?seconds=120', 'POST')).status, 202);
    service.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  });
});
