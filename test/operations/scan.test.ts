import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';

const PROGRAM = fileURLToPath(new URL('programs/scanned.js', import.meta.url));
const TOKEN = issueToken();
/** A capture takes a minute where the machine is busy. */
const PATIENCE_MS = 300_000;
const STATE = mkdtempSync(join(tmpdir(), 'leakwatch-scan-'));

describe('A service that leaks, scanned on demand', () => {
  const service = spawn(process.execPath, [PROGRAM, TOKEN, STATE], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(service, 'close');
  let port = 0;
  const ask = (path: string, init: RequestInit = {}) =>
    fetchChecked(`http://127.0.0.1:${port}/ops${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    });
  const read = async (path: string, init: RequestInit = {}) =>
    JSON.parse(await (await ask(path, init)).text());

  before(async () => {
    const [line] = await once(service.stdout, 'data');
    port = Number(String(line));
  });
  after(() => {
    service.kill('SIGKILL');
    rmSync(STATE, { recursive: true, force: true });
  });

  /** Sends a request, and is gone as soon as the head of the answer is there, which it returns. */
  async function leaveAfterHead(method: string, path: string, body: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const head = [
      `${method} /ops${path} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${TOKEN}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer);
  }

  it('is found to leak by three graphs, though the client went away after 202', async () => {
    const body = JSON.stringify({ captures: 3, spacingSeconds: 2 });
    const answer = await leaveAfterHead('POST', '/leaks/scan', body);
    assert.match(answer, /^HTTP\/1\.1 202 /);
    const id = /^location: \/ops\/operations\/(op-[0-9a-f]{16})\r$/im.exec(answer)?.[1];
    const whenEnded = async () => {
      const operation = await read(`/operations/${id}?waitSeconds=25`);
      return operation.state === 'running' ? null : operation;
    };
    const scan = await eventually('the end of the scan', whenEnded, PATIENCE_MS);
    assert.equal(scan.state, 'succeeded', JSON.stringify(scan.error));
    assert.ok(scan.result.graphs >= 3);
    const captured = scan.result.captures.map(({ outcome }: { outcome: string }) => outcome);
    assert.deepEqual(captured, ['success', 'success', 'success']);
    const [finding] = scan.result.findings;
    assert.match(finding.status, /^(suspected|confirmed)$/);
    assert.match(finding.title, /OrderHistory\.byCustomer/);
    const report = await read('/leaks');
    assert.ok(report.watcher.captures.some(({ trigger }: { trigger: string }) => trigger === 'demand'));
    const again = await ask('/leaks/scan', { method: 'POST', body });
    assert.equal(again.status, 429);
    assert.ok(Number(again.headers.get('retry-after')) > 0);
  });

  it('is not announced further by a finding that somebody acknowledged, and shows by whom', async () => {
    const { findings } = await read('/leaks');
    const body = JSON.stringify({ acknowledged: true, reason: 'the team is on it' });
    const decided = await read(`/leaks/${findings[0].id}`, { method: 'PATCH', body });
    assert.match(decided.acknowledgement.by, /^token-/);
    assert.equal(decided.acknowledgement.reason, 'the team is on it');
  });

  it('runs a full GC between two captures', async () => {
    const whenRun = async () => {
      const answer = await ask('/gc', { method: 'POST' });
      // A capture of the watcher is running.
      if (answer.status === 429) await sleep(Number(answer.headers.get('retry-after')) * 1000);
      return answer.status === 429 ? null : answer;
    };
    const collected = await eventually('a GC', whenRun, PATIENCE_MS);
    assert.equal(collected.status, 200);
    const { pauseMs, before: was, after: is } = JSON.parse(await collected.text());
    assert.ok(pauseMs > 0 && was.usedBytes > 0 && is.usedBytes > 0);
    const { heap } = await read('/leaks');
    assert.ok(heap.liveBytes > 0);
    assert.equal((await ask('/gc', { method: 'POST' })).status, 429);
  });

  it('ends by itself, whatever the watcher does meanwhile', async () => {
    service.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  });
});
