import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { Authenticator } from '../../src/access/authenticator.js';
import { HookProver } from '../../src/access/authorize-hook.js';
import type { Scope } from '../../src/access/scope.js';
import { TokenStore } from '../../src/access/token-store.js';
import { type AuditedCall, OpsAudit } from '../../src/audit/ops-audit.js';
import type { RouteHandler } from '../../src/http/call.js';
import { dispatch } from '../../src/http/dispatch.js';
import type { OpsDependencies } from '../../src/http/ops-dependencies.js';
import { sendResponse } from '../../src/http/response.js';
import type { RouteName } from '../../src/http/routes.js';
import type { OperationKind, OperationWork } from '../../src/operations/operation.js';
import { Operations } from '../../src/operations/operations.js';
import { issueToken } from '../../src/options/tokens.js';
import { AuditFolder, PROGRAM } from '../audit/audit-folder.js';
import { eventually } from '../support/eventually.js';
import { bearer, dependencies, exchange, memoryLogger, ownListener, PLACES, raw } from './ops-fixture.js';

const DONE = { status: 200, headers: {}, body: 'done' };
const REASON = 'the shop is slow since noon';

interface Called {
  readonly status: number;
  readonly requestId: string | null;
  readonly body: string;
}

/** One request to a route whose handler is `handle`, from a client with this scope. */
async function call(
  name: RouteName,
  request: RequestInit,
  changes: Partial<OpsDependencies>,
  { handle = () => DONE, scope = 'act' }: { handle?: RouteHandler<RouteName>; scope?: Scope } = {},
): Promise<Called> {
  const principal = { id: 'token-1', scopes: new Set([scope]), provedBy: 'token' as const };
  const parameters = { id: 'lw-1' };
  const server = createServer((incoming, response) => {
    dispatch(incoming, response, { name, principal, parameters }, handle, dependencies(changes))
      .catch(() => ({ status: 500, headers: {}, body: 'failed' }))
      .then((answer) => sendResponse(incoming, response, answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, request);
    return {
      status: answer.status,
      requestId: answer.headers.get('x-request-id'),
      body: await answer.text(),
    };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const POST = { method: 'POST' };
const PATCH = {
  method: 'PATCH',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ muted: true, reason: REASON }),
};

describe('A call that acts', () => {
  test('is recorded before it is done: who, from where, what, with its checked input, under its request id', async () => {
    const order: string[] = [];
    const calls: AuditedCall[] = [];
    const answer = await call(
      'decide',
      PATCH,
      {
        async audited(audited) {
          calls.push(audited);
          order.push('recorded');
          return null;
        },
        answered: (requestId, status) => void order.push(`${requestId} answered ${status}`),
      },
      {
        handle: () => {
          order.push('done');
          return DONE;
        },
      },
    );
    const requestId = answer.requestId;
    const [{ principal, ...recorded }] = calls as [AuditedCall];
    assert.equal(principal.id, 'token-1');
    assert.deepEqual(recorded, {
      requestId,
      route: 'decide',
      method: 'PATCH',
      parameters: { id: 'lw-1' },
      input: { query: null, body: { muted: true, reason: REASON } },
      client: '127.0.0.1',
    });
    assert.deepEqual(order, ['recorded', 'done', `${requestId} answered 200`]);
  });

  test('is not done if it cannot be recorded: 503 with the reason', async () => {
    let done = false;
    const answer = await call(
      'collect',
      POST,
      { audited: async () => 'the disk is full (ENOSPC)' },
      {
        handle: () => {
          done = true;
          return DONE;
        },
      },
    );
    assert.equal(answer.status, 503);
    const { code, detail } = JSON.parse(answer.body) as Record<string, string>;
    assert.equal(code, 'LEAKWATCH_ERR_AUDIT');
    assert.match(detail!, /the disk is full \(ENOSPC\)\. Nothing was done\.$/);
    assert.equal(done, false);
  });

  test('that fails is recorded as answered with 500', async () => {
    const answers: number[] = [];
    const changes: Partial<OpsDependencies> = { answered: (_, status) => void answers.push(status) };
    await call('collect', POST, changes, { handle: () => Promise.reject(new Error('no')) });
    assert.deepEqual(answers, [500]);
  });

  test('without the scope is recorded as refused, and reading without a scope is not', async () => {
    const denied: (string | null)[] = [];
    const changes: Partial<OpsDependencies> = { denied: (_, who) => void denied.push(who?.id ?? null) };
    assert.equal((await call('collect', POST, changes, { scope: 'read' })).status, 403);
    assert.equal((await call('leaks', POST, changes, { scope: 'act' })).status, 403);
    assert.deepEqual(denied, ['token-1']);
  });
});

function auditOf(folder: AuditFolder, directory: string | null = folder.path): OpsAudit {
  const writer = { pid: 12, threadId: 0, version: '1.2.3' };
  return new OpsAudit({ directory, program: PROGRAM, writer, clock: folder.clock, logger: folder.logger });
}

for (const [name, open] of Object.entries(PLACES)) {
  test(`in ${name}, requests without a valid token are recorded, but neither the token nor the path`, async () => {
    const folder = new AuditFolder();
    const audit = auditOf(folder);
    const place = await open({ denied: (request, principal) => audit.denied(request, principal) });
    const wrong = issueToken();
    try {
      await exchange(place.port, raw('/ops/leaks', [bearer(wrong)]));
      for (const target of ['/ops/secret-path', `/ops/leaks?token=${wrong}`])
        await exchange(place.port, raw(target));
      await exchange(place.port, raw('/ops/leaks', [bearer()]));
    } finally {
      await place.close();
      await audit.close();
    }
    const [, first, rest, ...others] = folder.lines(0);
    const { event, client, principal, cause, method, count } = first!;
    assert.deepEqual(
      { event, client, principal, cause, method, count },
      { event: 'denied', client: '127.0.0.1', principal: null, cause: 'token', method: 'GET', count: 1 },
    );
    assert.deepEqual([rest!['cause'], rest!['count']], ['token-in-query', 2]);
    assert.deepEqual(others, []);
    assert.ok(!folder.text(0).includes(wrong) && !folder.text(0).includes('secret-path'));
  });
}

test('an outage of the hook is recorded with its cause, also of a client that failed before', async () => {
  const folder = new AuditFolder();
  const audit = auditOf(folder);
  const authenticator = new Authenticator(new TokenStore([], memoryLogger()), [
    new HookProver(({ header }) => {
      if (header('x-user') === 'ann') throw new Error('down');
      return null;
    }, memoryLogger()),
  ]);
  const place = await ownListener({
    authenticator,
    denied: (request, principal, outage) => audit.denied(request, principal, outage),
  });
  try {
    assert.equal((await exchange(place.port, raw('/ops/leaks'))).status, 401);
    assert.equal((await exchange(place.port, raw('/ops/leaks', ['X-User: ann']))).status, 503);
  } finally {
    await place.close();
  }
  await audit.close();
  assert.deepEqual(
    folder.lines(0).map(({ cause }) => cause ?? 'opened'),
    ['opened', 'no-token', 'hook-failed'],
  );
});

test('a flood of wrong tokens writes one line at once', async () => {
  const folder = new AuditFolder();
  const audit = auditOf(folder);
  const place = await ownListener({ denied: (request, principal) => audit.denied(request, principal) });
  try {
    await Promise.all(
      Array.from({ length: 50 }, () => exchange(place.port, raw('/ops/leaks', [bearer(issueToken())]))),
    );
  } finally {
    await place.close();
  }
  await audit.close();
  assert.deepEqual(
    folder.lines(0).map(({ count }) => count ?? 'opened'),
    ['opened', 1, 49],
  );
});

test('the ends of operations are recorded with their outcome, under the request that began them', async () => {
  const folder = new AuditFolder();
  const audit = auditOf(folder);
  const operations = new Operations(folder.clock, folder.logger, (operation) =>
    audit.operationEnded(operation),
  );
  const order = { principal: 'token-1', request: '', expectedMs: null, coolDownMs: 0 };
  const begin = (kind: OperationKind, requestId: string, work: OperationWork) =>
    operations.begin({ ...order, kind, requestId }, work).operation.id;
  const scan = begin('scan', 'r-1', async () => ({ value: 1 }));
  const failed = begin('heap-profile', 'r-2', async () => {
    throw new Error('secret');
  });
  const ended = () => [scan, failed].every((id) => operations.find(id)?.state !== 'running');
  await eventually('both to end', ended);
  begin('cpu-profile', 'r-3', async () => ({ value: 1 }));
  await operations.stop();
  await audit.close();
  assert.deepEqual(
    folder
      .lines(0)
      .slice(1)
      .map(({ event, kind, state, requestId, error }) => ({ event, kind, state, requestId, error })),
    [
      { event: 'operation', kind: 'scan', state: 'succeeded', requestId: 'r-1', error: null },
      {
        event: 'operation',
        kind: 'heap-profile',
        state: 'failed',
        requestId: 'r-2',
        error: 'LEAKWATCH_ERR_INTERNAL',
      },
      { event: 'operation', kind: 'cpu-profile', state: 'cancelled', requestId: 'r-3', error: null },
    ],
  );
  assert.ok(!folder.text(0).includes('secret'));
});

test('a read that a client repeats has one line an hour, which counts the others', async () => {
  const folder = new AuditFolder();
  const audit = auditOf(folder);
  const scraper = { id: 'token-1', scopes: new Set<Scope>(['profile']), provedBy: 'token' as const };
  let requests = 0;
  const scrape = async (method = 'GET'): Promise<string | null> => {
    requests += 1;
    const requestId = `r-${requests}`;
    const common = { route: 'heapProfile', method, parameters: {}, input: null, client: '192.0.2.1' };
    const failure = await audit.audited({ requestId, principal: scraper, ...common });
    audit.answered(requestId, 200);
    return failure;
  };
  for (let index = 0; index < 100; index++) assert.equal(await scrape(), null);
  await eventually('the answer', () => folder.lines(0).length === 3);
  folder.clock.advance(60 * 60 * 1000);
  for (let index = 0; index < 3; index++) await scrape();
  await scrape('POST');
  await scrape('POST');
  await audit.close();
  assert.deepEqual(
    folder
      .lines(0)
      .map(({ event, requestId, repeats }) => [event, requestId, repeats].filter((one) => one !== undefined)),
    [
      ['opened'],
      ['call', 'r-1'],
      ['answer', 'r-1'],
      ['call', 'r-101', 99],
      ['answer', 'r-101'],
      ['call', 'r-104'],
      ['answer', 'r-104'],
      ['call', 'r-105'],
      ['answer', 'r-105'],
      ['repeated', 2],
    ],
  );
  assert.match((await scrape('POST'))!, /closed/);
});

test('a repeated read has its line an hour, whatever becomes of the wall clock', async () => {
  const folder = new AuditFolder();
  const audit = auditOf(folder);
  const principal = { id: 'token-1', scopes: new Set<Scope>(['profile']), provedBy: 'token' as const };
  const common = { route: 'heapProfile', method: 'GET', parameters: {}, input: null, client: '192.0.2.1' };
  const hour = 60 * 60 * 1000;
  const scrape = (requestId: string) => audit.audited({ requestId, principal, ...common });
  await scrape('r-1');
  folder.clock.setWallClock(30 * 24 * hour);
  folder.clock.advance(hour);
  await scrape('r-2');
  folder.clock.setWallClock(-30 * 24 * hour);
  await scrape('r-3');
  folder.clock.advance(hour);
  await scrape('r-4');
  await audit.close();
  assert.deepEqual(
    folder.lines(0).map(({ requestId, repeats }) => [requestId, repeats]),
    [
      [undefined, undefined],
      ['r-1', undefined],
      ['r-2', undefined],
      ['r-4', 1],
    ],
  );
});

describe('A repeated read', () => {
  const principal = { id: 'token-1', scopes: new Set<Scope>(['profile']), provedBy: 'token' as const };
  const common = { route: 'heapProfile', method: 'GET', parameters: {}, input: null, client: '192.0.2.1' };
  const repeated = async (audit: OpsAudit) => {
    const read = (requestId: string) => audit.audited({ requestId, principal, ...common });
    for (const requestId of ['r-1', 'r-2', 'r-3']) assert.equal(await read(requestId), null);
    return read;
  };

  test('gets a line at once if the file with its line was deleted', async () => {
    const folder = new AuditFolder();
    const audit = auditOf(folder);
    const read = await repeated(audit);
    rmSync(folder.pathOf(0));
    assert.equal(await read('r-4'), null);
    assert.equal(await read('r-5'), null);
    await audit.close();
    assert.deepEqual(
      folder.lines(0).map(({ event, requestId, repeats }) => [event, requestId, repeats]),
      [
        ['opened', undefined, undefined],
        ['call', 'r-4', 2],
        ['repeated', undefined, 1],
      ],
    );
  });

  test('is refused if the log cannot be written any more, although it would only be counted', async () => {
    const folder = new AuditFolder();
    const audit = auditOf(folder);
    const read = await repeated(audit);
    rmSync(folder.path, { recursive: true });
    writeFileSync(folder.path, '');
    for (const requestId of ['r-4', 'r-5']) assert.notEqual(await read(requestId), null);
    rmSync(folder.path);
    mkdirSync(folder.path, { mode: 0o700 });
    assert.equal(await read('r-6'), null);
    await audit.close();
    assert.deepEqual(
      folder.lines(0).map(({ requestId, repeats }) => [requestId, repeats]),
      [
        [undefined, undefined],
        ['r-6', 2],
      ],
    );
  });
});

test('without a state directory a call that acts gets 503, and the status says why', async () => {
  const audit = auditOf(new AuditFolder(), null);
  const answer = await call('collect', POST, { audited: (audited) => audit.audited(audited) });
  assert.equal(answer.status, 503);
  assert.match(answer.body, /no state directory can be used/);
  assert.equal(audit.status().state, 'failing');
  await audit.close();
});
