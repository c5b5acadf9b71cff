import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { issueToken } from '../../src/options/tokens.js';
import { renderReport } from '../../src/report/text.js';
import { finding, report } from '../report/report-fixture.js';
import { accepted, following, OPERATION, operation } from './fake-operation.js';
import { type Answer, FakeService, problem, type Reply } from './fake-service.js';
import { type EndedCommand, RunningCommand, runCommand } from './ops-run.js';

const TOKEN = issueToken();
const ENVIRONMENT = { LEAKWATCH_TOKEN: TOKEN };
const CAPTURING = operation({
  progress: { step: 'capturing', part: 0.33, round: { number: 2, of: 3 } },
});
const DONE = operation({
  state: 'succeeded',
  progress: null,
  result: { summary: 'three graphs \u001b[2Jwere compared', findings: [] },
});
const REPORT: Answer = () => ({ body: report() });

async function scan(
  answer: Answer,
  args: readonly string[] = [],
): Promise<EndedCommand & { service: FakeService }> {
  const service = await new FakeService(answer).start();
  return { ...(await runCommand(['scan', ...args, service.url], ENVIRONMENT)), service };
}

describe('leakwatch scan', () => {
  it('begins a scan, follows it to its end, prints the report, and exits with 1 if a leak is confirmed', async () => {
    const answer = following([CAPTURING, DONE], accepted(operation()), REPORT);
    const { code, stdout, stderr, service } = await scan(answer);
    assert.equal(code, EXIT_CODES.growth, stderr);
    assert.equal(stdout, `three graphs \\x1b[2Jwere compared\n\n${renderReport(report())}`);
    assert.equal(stderr, '');
    assert.deepEqual(
      service.received.map(({ line, body }) => `${line} ${body}`.trim()),
      [
        // The service has the defaults.
        'POST /ops/leaks/scan {}',
        `GET /ops/operations/${OPERATION}?waitSeconds=2`,
        `GET /ops/operations/${OPERATION}?waitSeconds=2`,
        'GET /ops/leaks',
      ],
    );
    assert.ok(service.received.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  });

  it('sends the captures and the time between them that were asked for', async () => {
    const { service } = await scan(following([DONE], accepted(operation()), REPORT), [
      '--captures',
      '2',
      '--spacing',
      '1.5m',
    ]);
    assert.equal(service.received[0]?.body, '{"captures":2,"spacingSeconds":90}');
  });

  for (const [what, changes] of [
    ['only suspected', { status: 'suspected' }],
    ['muted', { muted: true }],
  ] as const) {
    it(`exits with 0 if all that it finds is ${what}`, async () => {
      const body = report([{ ...finding(), ...changes }]);
      const { code } = await scan(following([DONE], accepted(operation()), () => ({ body })));
      assert.equal(code, EXIT_CODES.clean);
    });
  }

  it('prints JSON: the operation and the report', async () => {
    const { stdout } = await scan(following([DONE], accepted(operation()), REPORT), ['--json']);
    const printed = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(printed), ['schemaVersion', 'command', 'operation', 'report']);
    assert.equal(printed['operation']!['id'], OPERATION);
    assert.equal(printed['report']!['schemaVersion'], report().schemaVersion);
  });

  for (const [what, answer, words] of [
    [
      'fails',
      following(
        [
          operation({
            state: 'failed',
            progress: null,
            error: { code: 'LEAKWATCH_ERR_REFUSED', detail: 'no \u001b[2Jmemory' },
          }),
        ],
        accepted(operation()),
        REPORT,
      ),
      /the scan failed: no \\x1b\[2Jmemory \(LEAKWATCH_ERR_REFUSED\)/,
    ],
    [
      'is cancelled by another client',
      following([operation({ state: 'cancelled', progress: null })], accepted(operation()), REPORT),
      /the scan was cancelled/,
    ],
    ['is lost in a restart', following([], accepted(operation()), REPORT), /it has restarted/],
    [
      'may not begin',
      () => problem(403, 'LEAKWATCH_ERR_INSUFFICIENT_SCOPE', "The token lacks the scope 'act'."),
      /the service refuses this: The token lacks the scope 'act'/,
    ],
    [
      'is answered with something else',
      () => accepted({ body: { id: '../x' } }),
      /the answer is not an operation/,
    ],
  ] as readonly [string, Answer, RegExp][]) {
    it(`exits with 2 if the scan ${what}`, async () => {
      const { code, stdout, stderr } = await scan(answer);
      assert.deepEqual([code, stdout], [EXIT_CODES.failed, '']);
      assert.match(stderr, words);
    });
  }

  it('goes on when the service does not answer for a moment', async () => {
    let failures = 1;
    const answer = following([CAPTURING, DONE], accepted(operation()), REPORT);
    const { code, stderr } = await scan((request) => {
      if (request.line.startsWith('GET /ops/operations') && failures-- > 0)
        return problem(500, 'LEAKWATCH_ERR_INTERNAL', 'busy');
      return answer(request);
    });
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stderr, /the request failed: busy \(500\); asking again/);
  });
});

/** The answer to a poll takes a moment, as that of a service that waits for the operation. */
function slowly(answer: Answer): Answer {
  return async (request) => {
    if (request.line.startsWith('GET /ops/operations')) await sleep(100);
    return await answer(request);
  };
}

async function interrupted(
  begun: Reply,
): Promise<{ service: FakeService; command: RunningCommand; code: number | null }> {
  const service = await new FakeService(slowly(following([CAPTURING], begun, REPORT))).start();
  const command = new RunningCommand(['scan', service.url], ENVIRONMENT);
  const polled = () => service.received.some(({ line }) => line.startsWith('GET /ops/operations'));
  while (!polled()) await sleep(20);
  command.child.kill('SIGINT');
  return { service, command, code: await command.ended };
}

const isCancelled = ({ received }: FakeService): boolean =>
  received.some(({ line }) => line.startsWith('DELETE'));

describe('Ctrl-C during leakwatch scan', () => {
  it('cancels the scan, and exits with 130', async () => {
    const { service, command, code } = await interrupted(accepted(operation()));
    assert.equal(code, EXIT_CODES.interrupted);
    assert.ok(isCancelled(service));
    assert.equal(command.stdout, '');
    assert.match(command.stderr, /cancelling …\nleakwatch scan: ended by Ctrl-C\n$/);
  });

  it('leaves the scan of another client running', async () => {
    const { service, command, code } = await interrupted(accepted(operation({ requestId: 'r-2' })));
    assert.equal(code, EXIT_CODES.interrupted);
    assert.ok(!isCancelled(service));
    assert.match(command.stderr, /joined the operation that another client has begun/);
  });

  it('a second time ends the command even if the service does not cancel', async () => {
    const service = await new FakeService(
      slowly(({ line }) => {
        if (line.startsWith('DELETE')) return problem(403, 'LEAKWATCH_ERR_INSUFFICIENT_SCOPE', 'no');
        return line.startsWith('POST') ? accepted(operation()) : CAPTURING;
      }),
    ).start();
    const command = new RunningCommand(['scan', service.url], ENVIRONMENT);
    while (service.received.length < 2) await sleep(20);
    command.child.kill('SIGINT');
    await command.says(/it could not be cancelled and ends by itself/);
    command.child.kill('SIGINT');
    await command.ended;
    assert.equal(command.child.signalCode, 'SIGINT');
  });
});
