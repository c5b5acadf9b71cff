import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { LiveLine } from '../../src/cli/live-line.js';
import { parseOpsAddress } from '../../src/cli/ops-address.js';
import { OpsClient } from '../../src/cli/ops-client.js';
import { OpsFailure } from '../../src/cli/ops-failure.js';
import { watchReport } from '../../src/cli/watch-report.js';
import { openListener } from '../../src/http/listener.js';
import { createOpsRouter } from '../../src/http/ops-router.js';
import { issueToken } from '../../src/options/tokens.js';
import type { Report } from '../../src/report/report.js';
import { renderReport } from '../../src/report/text.js';
import {
  DUMP_TOKEN,
  dependencies,
  generousLimits,
  memoryLogger,
  ownListener,
  type Place,
  TOKEN,
} from '../http/ops-fixture.js';
import { finding, report } from '../report/report-fixture.js';
import { eventually } from '../support/eventually.js';
import { FakeService, problem } from './fake-service.js';
import { type EndedCommand, RunningCommand, runCommand } from './ops-run.js';
import { SnapshotFolder } from './snapshot-folder.js';

const folder = new SnapshotFolder();
const WITH_TOKEN = { LEAKWATCH_TOKEN: TOKEN };
let place: Place;
let url: string;
before(async () => {
  place = await ownListener();
  url = `http://127.0.0.1:${place.port}`;
});
after(() => place.close());

async function failed(
  args: readonly string[],
  words: RegExp,
  environment = WITH_TOKEN,
): Promise<EndedCommand> {
  const ended = await runCommand(['leaks', ...args], environment);
  assert.deepEqual([ended.code, ended.stdout], [EXIT_CODES.failed, '']);
  assert.match(ended.stderr, words);
  assert.ok(!ended.stderr.includes(environment.LEAKWATCH_TOKEN));
  return ended;
}

describe('leakwatch leaks', () => {
  it('prints the report of a service as text, or as the JSON that the service sends', async () => {
    const text = await runCommand(['leaks', url], WITH_TOKEN);
    assert.deepEqual([text.code, text.stderr], [EXIT_CODES.clean, '']);
    assert.equal(text.stdout, renderReport(report()));
    const json = await runCommand(['leaks', '--json', `${url}/ops/`], WITH_TOKEN);
    assert.equal(json.code, EXIT_CODES.clean);
    assert.equal((JSON.parse(json.stdout) as Report).schemaVersion, report().schemaVersion);
  });

  it('prints one finding by its ID', async () => {
    const { id } = finding();
    const { code, stdout } = await runCommand(['leaks', url, id, '--json'], WITH_TOKEN);
    assert.deepEqual([code, (JSON.parse(stdout) as { id: string }).id], [EXIT_CODES.clean, id]);
    await failed([url, 'lw-ffffffffffffffff'], /: not found: No finding has this id\. \(404\)\n$/);
    await failed([url, '../status'], /ID of a finding is such as/);
  });

  it('asks through a Unix socket', async () => {
    const path = join(folder.path, 'ops.sock');
    const limits = generousLimits();
    const listener = await openListener({
      listen: { kind: 'unix', path },
      allowedHosts: [],
      loadRouter: (own) => createOpsRouter(dependencies({ limits, own })),
      limits,
      tls: null,
      logger: memoryLogger(),
    });
    const { code, stdout } = await runCommand(['leaks', `unix:${path}`], WITH_TOKEN);
    await listener.close();
    assert.equal(code, EXIT_CODES.clean);
    assert.equal(stdout, renderReport(report()));
    await failed([`unix:${path}`], /there is no such socket.*\(ENOENT\)/);
    await failed(['unix:relative'], /takes the absolute path of a socket/);
  });

  it('takes the token from a file', async () => {
    const file = folder.write('token', `${TOKEN} scope=read\n`);
    chmodSync(file, 0o600);
    const { code } = await runCommand(['leaks', '--token-file', file, url]);
    assert.equal(code, EXIT_CODES.clean);
  });

  it('refuses a token among its arguments, says why, and does not repeat it', async () => {
    for (const args of [
      [url, '--token', TOKEN],
      [`--token=${TOKEN}`, url],
    ]) {
      const { stderr } = await failed(args, /a token is never an argument.*replace it/s, {
        LEAKWATCH_TOKEN: issueToken(),
      });
      assert.ok(!stderr.includes(TOKEN));
    }
  });
});

describe('leakwatch leaks decides about a finding', () => {
  const ID = finding().id;
  const REASON = 'the fix is on its way';

  for (const [options, sent, states] of [
    [['--acknowledge'], { acknowledged: true }, 'acknowledged, not muted'],
    [['--unacknowledge', '--mute'], { acknowledged: false, muted: true }, 'not acknowledged, muted'],
    [['--unmute'], { muted: false }, 'not acknowledged, not muted'],
  ] as const) {
    it(`${options.join(' ')}, and says what holds for it then`, async () => {
      const decision = { at: '2026-01-05T02:00:00.000Z', by: 'ci', reason: REASON };
      const answer = finding({
        muted: states.endsWith(', muted'),
        acknowledgement: states.startsWith('acknowledged') ? decision : null,
      });
      const service = await new FakeService(() => ({ body: answer })).start();
      const args = ['leaks', ...options, '--reason', REASON, service.url, ID];
      const { code, stdout } = await runCommand(args, WITH_TOKEN);
      assert.deepEqual([code, stdout], [EXIT_CODES.clean, `${ID} is now ${states}: ${answer.title}\n`]);
      const [received] = service.received;
      assert.equal(received?.line, `PATCH /ops/leaks/${ID}`);
      assert.deepEqual(JSON.parse(received?.body ?? ''), { ...sent, reason: REASON });
      await service.stop();
    });
  }

  it('not without a reason, an ID or a decision', async () => {
    await failed(['--mute', url, ID], /--reason is given together with/);
    await failed(['--reason', REASON, url, ID], /--reason is given together with/);
    await failed(['--mute', '--reason', 'short', url, ID], /--reason takes 10 characters or more/);
    await failed(['--mute', '--reason', REASON, url], /name its ID/);
    await failed(['--mute', '--reason', REASON, '--watch', url, ID], /without --watch/);
  });
});

describe('leakwatch leaks says what is wrong, in one line', () => {
  it('with the token', async () => {
    await failed([url], /the token is not accepted.*\(401\)\n$/, { LEAKWATCH_TOKEN: issueToken() });
    await failed([url], /the service refuses this: The token lacks the scope 'read'\. \(403\)\n$/, {
      LEAKWATCH_TOKEN: DUMP_TOKEN,
    });
  });

  it('with the address', async () => {
    await failed(
      ['http://127.0.0.1:1'],
      /nothing listens there; is the service running.*\(ECONNREFUSED\)\n$/,
    );
    await failed([`${url}/other`], /not found: No .*the path in the address is not its base.*\(404\)/);
    await failed([`https://127.0.0.1:${place.port}`], /it does not speak TLS; use http:\/\//);
    await failed(['http://leakwatch.invalid'], /cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)/);
    await failed(['127.0.0.1:9464'], /name the service as http:\/\/host:port/);
    await failed(['http://user:secret@127.0.0.1'], /must not hold a user or a password/);
    await failed([`${url}?token=x`], /takes no query/);
    await failed([], /name the service, such as/);
    await failed(['--ca', 'x', url], /need an https:\/\/ address/);
  });

  it('with the answer, in words that are safe to print', async () => {
    const answers = [
      [
        problem(503, 'LEAKWATCH_ERR_REFUSED', 'no \u001b[2Jmemory'),
        /does not do this now: no \\x1b\[2Jmemory \(503\)/,
      ],
      [
        { status: 302, headers: { location: 'http://127.0.0.2/' } },
        /it redirects, and the client never sends a token to another address \(302\)/,
      ],
      [
        problem(429, 'LEAKWATCH_ERR_TOO_MANY_REQUESTS', 'Slow.', { 'retry-after': '900' }),
        /try again in 900 s/,
      ],
      [
        problem(404, 'LEAKWATCH_ERR_NOT_FOUND', 'No route.'),
        /not found: No route; either no token is configured.* \(404\)/,
      ],
      [{ status: 404, body: '<html>' }, /nothing is there; either no token is configured.* \(404\)/],
      [{ status: 500, body: '<html>' }, /the request failed \(500\)/],
      [{ body: 'not \u001b[2Jjson' }, /the answer is not JSON: not \\x1b\[2Jjson/],
    ] as const;
    for (const [answer, words] of answers) {
      const service = await new FakeService(() => answer).start();
      await failed(['--json', service.url], words);
      assert.equal(service.received.length, 1);
      await service.stop();
    }
  });

  it('if the token goes over a network unencrypted', async () => {
    const { stderr } = await failed(
      ['http://leakwatch.invalid'],
      /is not encrypted: everyone on the way can read/,
    );
    assert.match(stderr, /cannot be resolved/);
  });
});

describe('leakwatch leaks waits', () => {
  it('when the service asks for a short time, and says so', async () => {
    let asked = 0;
    const service = await new FakeService(() => {
      asked += 1;
      const wait = problem(429, 'LEAKWATCH_ERR_TOO_MANY_REQUESTS', 'Slow.', { 'retry-after': '1' });
      return asked === 1 ? wait : { body: 'the \u001b[2Jreport\nis here\n' };
    }).start();
    const { code, stdout, stderr } = await runCommand(['leaks', service.url], WITH_TOKEN);
    assert.equal(code, EXIT_CODES.clean);
    assert.equal(stdout, 'the \\x1b[2Jreport\nis here\n');
    assert.equal(stderr, 'leakwatch: the service asks to wait 1 s\n');
  });
});

describe('leakwatch leaks --watch', () => {
  it('prints the report again when it changes, and goes on when the service restarts', async () => {
    let version = 1;
    const service = await new FakeService(({ line }) => {
      assert.equal(line, 'GET /ops/leaks');
      return { headers: { etag: `"${version}"` }, body: `report ${version}\n` };
    }).start();
    const command = new RunningCommand(['leaks', '--watch', service.url], WITH_TOKEN);
    try {
      await command.says(/^--- 2\S+Z\nreport 1\n/m);
      version = 2;
      await command.says(/report 2/);
      await service.stop();
      await command.says(/leakwatch: .*nothing listens there.*asking again every 2 s/);
      version = 3;
      await service.start();
      await command.says(/report 3/);
      assert.match(command.stderr, /the service answers again/);
      assert.equal(command.stderr.match(/asking again/g)?.length, 1);
    } finally {
      command.child.kill('SIGINT');
    }
    await command.ended;
  });

  it('sends the tag of what it has, and prints an unchanged report once, as JSON in one line', async () => {
    const service = await new FakeService(({ ifNoneMatch }) =>
      ifNoneMatch === '"a"' ? { status: 304 } : { headers: { etag: '"a"' }, body: { findings: ['a\nb'] } },
    ).start();
    const command = new RunningCommand(['leaks', '--watch', '--json', service.url], WITH_TOKEN);
    await eventually('three requests', () => service.received.length >= 3);
    command.child.kill('SIGINT');
    await command.ended;
    assert.equal(command.stdout, '{"findings":["a\\nb"]}\n');
    assert.equal(command.stderr, '');
  });

  it('shows a new report in the place of the last one on a terminal', async () => {
    let version = 0;
    const service = await new FakeService(() => {
      version += 1;
      if (version > 2) return problem(401, 'LEAKWATCH_ERR_UNAUTHENTICATED', 'no');
      return { headers: { etag: `"${version}"` }, body: `report ${version}\n` };
    }).start();
    let written = '';
    const output = {
      isTTY: true,
      write: (text: string) => {
        written += text;
      },
    };
    const client = new OpsClient(parseOpsAddress(service.url), { token: TOKEN }, () => {});
    await assert.rejects(
      watchReport(client, '/leaks', false, new LiveLine({ write: () => {} }), output),
      OpsFailure,
    );
    assert.equal(written, '\u001b[H\u001b[2Jreport 1\n\u001b[H\u001b[2Jreport 2\n');
  });

  it('ends if the first request fails, or if the token is not accepted any more', async () => {
    await failed(['--watch', 'http://127.0.0.1:1'], /nothing listens there/);
    let asked = 0;
    const service = await new FakeService(() => {
      asked += 1;
      return asked === 1 ? { body: 'report\n' } : problem(401, 'LEAKWATCH_ERR_UNAUTHENTICATED', 'no');
    }).start();
    const { code, stderr } = await runCommand(['leaks', '--watch', service.url], WITH_TOKEN);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /the token is not accepted/);
  });
});
