import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { SCOPES } from '../../src/access/scope.js';
import { ROUTE_NAMES, type RouteName, routeOf } from '../../src/http/routes.js';
import type { Report } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { WatchedProgram } from '../support/watched-program.js';

const TOKEN = issueToken();
/** Half a minute where the machine is free; each capture waits for its turn where it is not. */
const LIMIT_MS = 400_000;
/** A client may read the report 600 times a minute. */
const POLL_MS = 200;
/** And act 30 times a minute. */
const RETRY_MS = 3_000;
const REASON = 'looking for planted secrets';

interface Ask {
  readonly query?: string;
  readonly accept?: string;
  readonly body?: unknown;
}

/** What each route is asked: every form of its answer. In this order, since results follow the operations that make them. */
const ASKED: Readonly<Record<RouteName, readonly Ask[]>> = {
  leaks: [{}, { accept: 'text/plain' }],
  leak: [{}, { accept: 'text/plain' }],
  status: [{}],
  metrics: [{}],
  openapi: [{}],
  heapProfile: [{ accept: '*/*' }, { accept: 'application/json' }],
  recordHeapProfile: [{ query: '?seconds=1' }],
  recordCpuProfile: [{ query: '?seconds=1' }],
  scan: [{ body: { captures: 1 } }],
  operation: [{}],
  operationFile: [{ accept: '*/*' }, { accept: 'application/json' }],
  cancelOperation: [{}],
  collect: [{}],
  decide: [{ body: { acknowledged: true, reason: REASON } }],
  countLive: [{ body: { className: 'Map' } }],
  probeHandles: [{}],
  probeModules: [{}],
  // Each finding, as soon as their ids are known.
  probeLeak: [],
  evaluate: ['$it', 'process.env', '({ ...globalThis })'].map((expression) => ({
    body: { expression, reason: REASON },
  })),
};

/** An operation that has ended cannot be cancelled, a scan has no file, and a heap may be too large for a short pause. */
const MAY_BE_REFUSED: Readonly<Partial<Record<RouteName, number>>> = {
  cancelOperation: 409,
  operationFile: 409,
  collect: 503,
  countLive: 503,
};

describe('A service full of secrets that leaks in several ways', { timeout: 600_000 }, () => {
  // Letters alone look most like names.
  const planted = `planted${'abcdefghij'[randomBytes(1)[0]! % 10]}secret`;
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-secrets-'));
  const report = join(folder, 'report.json');
  const stateDirectory = join(folder, 'state');
  const tokenFile = join(folder, 'token');
  const published: Record<string, string> = {};
  const typed = planted.replace('planted', 'typed');
  let program: WatchedProgram;
  let ops: string;

  before(async () => {
    writeFileSync(tokenFile, `${TOKEN} scope=${SCOPES.join(',')}\n`, { mode: 0o600 });
    program = new WatchedProgram('secrets.mjs', [planted], {
      LEAKWATCH_LISTEN: '127.0.0.1:0',
      LEAKWATCH_TOKEN_FILE: tokenFile,
      LEAKWATCH_PACE: 'fast',
      LEAKWATCH_LOG: 'debug',
      LEAKWATCH_REPL: 'read-only',
      LEAKWATCH_ACKNOWLEDGE_EVAL: 'read-only',
      LEAKWATCH_STATE_DIR: stateDirectory,
      LEAKWATCH_REPORT: report,
      DATABASE_URL: `postgres://shop:${planted}-environment@db.example/shop`,
    });
    ops = await program.opsAddress();
    const isConfirmed = async () => (await findings(ops)).confirmed;
    await eventually('a confirmed finding', isConfirmed, LIMIT_MS, POLL_MS);
    const { all } = await findings(ops);
    const leaks = all.map((id) => ({ body: { id } }));
    for (const [name, asks] of Object.entries(ASKED))
      published[name] = (await answersOf(name as RouteName, name === 'probeLeak' ? leaks : asks, all)).join(
        '\n',
      );
    published['refusals'] = await refusals();
    await program.stop('SIGTERM');
    const kept = readdirSync(stateDirectory).map((name) => readFileSync(join(stateDirectory, name), 'utf8'));
    published['the log'] = program.stderr;
    published['the final report'] = readFileSync(report, 'utf8');
    published['the state directory'] = kept.join('\n');
  });
  after(async () => {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const operations: string[] = [];

  /** The answers for every finding or every operation, where the path asks for one. */
  async function answersOf(
    name: RouteName,
    asks: readonly Ask[],
    findingIds: readonly string[],
  ): Promise<readonly string[]> {
    const { path, method } = routeOf(name);
    const ids = path.startsWith('/leaks/:')
      ? findingIds
      : path.startsWith('/operations/')
        ? operations
        : [''];
    const answers: string[] = [];
    for (const { query = '', accept = 'application/json', body } of asks) {
      for (const id of ids) {
        const at = `/ops${path.replace(/:\w+/, id)}${query}`;
        // A capture or a scan may be in the way.
        const answer = await eventually(
          `an answer of ${at}`,
          async () => {
            const given = await ask(at, { method, accept, body });
            return given.status === 429 ? null : given;
          },
          LIMIT_MS,
          RETRY_MS,
        );
        const isRefused = answer.status === MAY_BE_REFUSED[name];
        assert.ok(answer.status < 300 || isRefused, `${at}: ${answer.text}`);
        if (answer.status === 202) operations.push(await ended(answer.location ?? ''));
        answers.push(answer.text);
      }
    }
    return answers;
  }

  async function ended(location: string): Promise<string> {
    const isOver = async () => !/"state":"running"/.test((await ask(`${location}?waitSeconds=25`)).text);
    await eventually(`the end of ${location}`, isOver, LIMIT_MS);
    return location.split('/').at(-1)!;
  }

  async function ask(
    path: string,
    { method = 'GET', accept = '*/*', body, token = TOKEN }: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly status: number; readonly location: string | null; readonly text: string }> {
    const asked = () =>
      fetchChecked(`${ops}${path}`, {
        method: String(method),
        headers: {
          authorization: `Bearer ${token}`,
          // The listener closes a silent connection just when the next request may be sent.
          connection: 'close',
          accept: String(accept),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // A connection can be lost on a busy machine, but not because the service has ended.
    const response = await asked().catch(async (error: unknown) => {
      assert.deepEqual([program.child.exitCode, program.child.signalCode], [null, null], String(error));
      return await asked();
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const heads = [...response.headers].map((header) => header.join(': ')).join('\n');
    const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return {
      status: response.status,
      location: response.headers.get('location'),
      text: `${heads}\n${isZipped ? gunzipSync(bytes).toString('latin1') : bytes.toString()}`,
    };
  }

  async function findings(
    address: string,
  ): Promise<{ readonly all: readonly string[]; readonly confirmed: boolean }> {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await fetchChecked(`${address}/ops/leaks`, { headers });
    const { findings: found } = (await response.json()) as Report;
    return { all: found.map(({ id }) => id), confirmed: found.some(({ status }) => status === 'confirmed') };
  }

  /** What a client got wrong may be a secret of its own, such as a token in the wrong place. Only the audit log keeps it. */
  async function refusals(): Promise<string> {
    const texts: string[] = [];
    const keep = async (path: string, changes: Readonly<Record<string, unknown>>) =>
      void texts.push((await ask(path, changes)).text);
    for (const name of ROUTE_NAMES) {
      const { method, path } = routeOf(name);
      const at = `/ops${path.replace(/:\w+/, `${typed}-id`)}`;
      const body = ['POST', 'PATCH'].includes(method)
        ? { reason: typed, captures: typed, id: typed }
        : undefined;
      await keep(`${at}?seconds=${typed}&waitSeconds=${typed}`, { method, body });
      await keep(at, { method, accept: `text/${typed}`, body });
      await keep(at, { method: 'PUT', body: typed });
    }
    await keep(`/ops/${typed}`, {});
    await keep('/ops/leaks', { token: `${typed}${issueToken()}` });
    return texts.join('\n');
  }

  const everywhere = [...ROUTE_NAMES, 'refusals', 'the log', 'the final report', 'the state directory'];
  for (const where of everywhere) {
    it(`shows none of them in: ${where}`, () => {
      const text = published[where]!;
      assert.ok(text.length > 100, `there is nothing in ${where}`);
      const words = where === 'the state directory' ? [planted] : [planted, typed];
      for (const at of words.map((word) => text.indexOf(word)).filter((index) => index >= 0))
        assert.equal(text.slice(Math.max(0, at - 60), at + 60), '');
    });
  }

  it('keeps the secret of its environment in what it holds', () => {
    assert.ok(program.stdout.includes('the address of the database is kept'), program.stdout);
  });

  it('is still described by the names in its code', () => {
    assert.match(published['leaks']!, /byMail|handlers|waiting|byToken/);
  });
});
