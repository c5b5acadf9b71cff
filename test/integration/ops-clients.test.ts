import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { type Report, type Watcher, watch } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';
import { runCommand } from '../cli/ops-run.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-clients-'));
const stateDir = join(folder, 'state');
const token = issueToken();
const headers = { authorization: `Bearer ${token}` };
const environment = { LEAKWATCH_TOKEN: token };
let watcher: Watcher;
let url: string;

before(async () => {
  const tokenFile = join(folder, 'tokens');
  writeFileSync(tokenFile, `${token} scope=read,act,profile id=ada\n`);
  chmodSync(tokenFile, 0o600);
  watcher = await watch({ listen: '127.0.0.1:0', tokenFile, stateDir, pace: 'fast', log: 'silent' });
  url = watcher.address!;
});
after(async () => {
  await watcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

function auditFile(): string {
  return join(stateDir, readdirSync(stateDir).find((name) => name.startsWith('audit-'))!);
}

function audited(): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(auditFile(), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('A watched program, asked from a terminal', () => {
  it('shows its report', async () => {
    const { code, stdout } = await runCommand(['leaks', '--json', url], environment);
    assert.equal(code, EXIT_CODES.clean);
    assert.equal((JSON.parse(stdout) as Report).process.pid, process.pid);
  });

  it('is scanned, and its report is printed', async () => {
    const { code, stdout, stderr } = await runCommand(
      ['scan', '--captures', '1', '--json', url],
      environment,
    );
    assert.ok(code === EXIT_CODES.clean || code === EXIT_CODES.growth, stderr);
    const { operation, report } = JSON.parse(stdout) as {
      operation: { state: string };
      report: Report;
    };
    assert.deepEqual([operation.state, report.process.pid], ['succeeded', process.pid]);
  });

  it('is profiled, in the format that the file asks for', async () => {
    const profile = (kind: string, name: string): Promise<Buffer> =>
      eventually('a profile', async () => {
        const args = ['profile', url, kind, '--seconds', '1', '-o', join(folder, name)];
        const { code, stderr } = await runCommand(args, environment);
        // The watcher may change the interval of its own sampling in its first minute.
        if (/LEAKWATCH_ERR_REFUSED/.test(stderr)) return null;
        assert.equal(code, EXIT_CODES.clean, stderr);
        return readFileSync(join(folder, name));
      });
    const cpu = JSON.parse((await profile('cpu', 'cpu.cpuprofile')).toString()) as { nodes: unknown };
    assert.ok(Array.isArray(cpu.nodes));
    assert.ok('head' in (JSON.parse((await profile('heap', 'heap.heapprofile')).toString()) as object));
    assert.ok(gunzipSync(await profile('cpu', 'cpu.pb.gz')).length > 0);
  });

  it('records who did what, in a chain that is intact', async () => {
    await fetchChecked(`${url}/ops/gc`, { method: 'POST', headers });
    const status = (await (await fetchChecked(`${url}/ops/status`, { headers })).json()) as {
      audit: { state: string; head: string; lines: number };
    };
    assert.equal(status.audit.state, 'ready');
    const { code, stdout } = await runCommand(['audit', 'verify', '--head', status.audit.head, auditFile()]);
    assert.equal(code, EXIT_CODES.clean, stdout);
    const lines = audited();
    const calls = lines.filter(({ event }) => event === 'call');
    assert.ok(calls.every(({ principal, client }) => principal === 'ada' && client === '127.0.0.1'));
    const scan = calls.find(({ route }) => route === 'scan')!;
    assert.deepEqual(scan['input'], { query: null, body: { captures: 1, spacingSeconds: 10 } });
    const ofScan = lines.filter(({ requestId }) => requestId === scan['requestId']);
    assert.deepEqual(
      ofScan.map(({ event, status: answered, state }) => [event, answered ?? state]),
      [
        ['call', undefined],
        ['answer', 202],
        ['operation', 'succeeded'],
      ],
    );
    assert.ok(!readFileSync(auditFile(), 'utf8').includes(token.slice(4)));
  });

  it('does nothing that it cannot record', async () => {
    const moved = `${stateDir}-moved`;
    renameSync(stateDir, moved);
    rmSync(moved, { recursive: true });
    const refused = await fetchChecked(`${url}/ops/gc`, { method: 'POST', headers });
    assert.equal(refused.status, 503);
    const { code, detail } = (await refused.json()) as Record<string, string>;
    assert.equal(code, 'LEAKWATCH_ERR_AUDIT');
    assert.match(detail!, /the state directory does not exist any more \(ENOENT\)\. Nothing was done\.$/);
    assert.ok(!detail!.includes(folder));
    const scan = await runCommand(['scan', url], environment);
    assert.equal(scan.code, EXIT_CODES.failed);
    assert.match(scan.stderr, /does not do this now: The audit log cannot be written/);
    const status = (await (await fetchChecked(`${url}/ops/status`, { headers })).json()) as {
      audit: { state: string; reason: string };
    };
    assert.equal(status.audit.state, 'failing');
    assert.match(status.audit.reason, /ENOENT/);
  });
});
