import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { issueToken } from '../../src/options/tokens.js';
import { FakeService, problem } from './fake-service.js';
import { runCommand } from './ops-run.js';
import { SnapshotFolder } from './snapshot-folder.js';

const folder = new SnapshotFolder();
const LINES = ['metrics', 'read', 'act', 'act,read', 'profile', 'eval', 'eval,eval:full'];
const tokens = new Map(LINES.map((scope) => [scope, issueToken()]));

function file(name: string, scopes: readonly string[]): string {
  const path = folder.write(
    name,
    scopes.map((scope) => `${tokens.get(scope)} scope=${scope} expires=2999-12-31\n`).join(''),
  );
  chmodSync(path, 0o600);
  return path;
}

const ALL = file('all', LINES);
const REASON = ['--reason', 'orders are slow since noon'];

describe('A token file with several lines', () => {
  for (const [scope, command, args] of [
    ['read', 'leaks', []],
    ['act,read', 'scan', []],
    ['profile', 'profile', ['heap', '-o', join(folder.path, 'heap.pb.gz')]],
    ['read', 'repl', []],
    ['eval', 'repl', REASON],
    ['eval,eval:full', 'repl', [...REASON, '--full', '--second-reason', 'the pool must be emptied']],
  ] as const)
    it(`gives ${[command, ...args.slice(0, 1), ...args.slice(2, 3)].join(' ')} the token with ${scope}`, async () => {
      const service = await new FakeService(() =>
        problem(503, 'LEAKWATCH_ERR_REFUSED', 'enough seen'),
      ).start();
      const url = command === 'profile' ? [service.url, ...args] : [...args, service.url];
      const { code, stderr } = await runCommand([command, '--token-file', ALL, ...url]);
      assert.equal(code, EXIT_CODES.failed, stderr);
      assert.match(stderr, /enough seen/);
      assert.equal(service.received[0]?.authorization, `Bearer ${tokens.get(scope)}`);
    });

  it('of which none fits sends nothing, and the message says what is missing', async () => {
    const service = await new FakeService(() => problem(503, 'LEAKWATCH_ERR_REFUSED', 'never')).start();
    const environment = { LEAKWATCH_TOKEN_FILE: file('some', ['read', 'act', 'profile']) };
    const { code, stderr } = await runCommand(['scan', service.url], environment);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(
      stderr,
      /no token in the token file fits: line 1 lacks the scope act; line 2 lacks the scope read; line 3 lacks/,
    );
    assert.deepEqual(service.received, []);
  });
});
