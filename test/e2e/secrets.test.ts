import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ROUTE_NAMES, type RouteName, routeOf } from '../../src/http/routes.js';
import type { Report } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { WatchedProgram } from '../support/watched-program.js';

const TOKEN = issueToken();
const LIMIT_MS = 240_000;
/** A client may read the report 600 times a minute. */
const POLL_MS = 200;
const REASON = 'looking for planted secrets';

interface Ask {
  /** Parameters of the path; by default the id of a finding, or of the latest operation. */
  readonly parameter?: string;
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
  heapProfile: [{}, { accept: 'application/json' }],
  recordHeapProfile: [{ query: '?seconds=1' }],
  recordCpuProfile: [{ query: '?seconds=1' }],
  operation: [{ query: '?waitSeconds=60' }],
  operationResult: [{}, { accept: 'application/json' }],
  cancelOperation: [{}],
  scan: [{ body: { captures: 1 } }],
  collect: [{}],
  decide: [{ body: { acknowledged: true, reason: REASON } }],
  probe: ['handles', 'modules', 'live', 'leak'].map((parameter) => ({ parameter, body: {} })),
  evaluate: [{ body: { expression: 'process.env', reason: REASON } }],
};

describe('A service full of secrets that leaks in several ways', { timeout: 400_000 }, () => {
  // Letters alone look most like names.
  const planted = `planted${'abcdefghij'[randomBytes(1)[0]! % 10]}secret`;
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-secrets-'));
  const report = join(folder, 'report.json');
  const stateDirectory = join(folder, 'state');
  const published: Record<string, string> = {};
  let program: WatchedProgram;
  let ops: string;

  before(async () => {
    program = new WatchedProgram('secrets.mjs', [planted], {
      LEAKWATCH_LISTEN: '127.0.0.1:0',
      LEAKWATCH_TOKEN: TOKEN,
      LEAKWATCH_PACE: 'fast',
      LEAKWATCH_LOG: 'debug',
      LEAKWATCH_STATE_DIR: stateDirectory,
      LEAKWATCH_REPORT: report,
      DATABASE_URL: `postgres://shop:${planted}-environment@db.example/shop`,
    });
    ops = await program.opsAddress();
    const isConfirmed = async () => (await findings(ops)).confirmed;
    await eventually('a confirmed finding', isConfirmed, LIMIT_MS, POLL_MS);
    const { all } = await findings(ops);
    for (const [name, asks] of Object.entries(ASKED))
      published[name] = (await answersOf(name as RouteName, asks, all)).join('\n');
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

  let operation = 'op-0000000000000000';
  async function answersOf(
    name: RouteName,
    asks: readonly Ask[],
    ids: readonly string[],
  ): Promise<readonly string[]> {
    const answers: string[] = [];
    for (const { parameter, query = '', accept = 'application/json', body } of asks) {
      const isFindings = routeOf(name).path.startsWith('/leaks/');
      for (const id of parameter === undefined ? (isFindings ? ids : [operation]) : [parameter]) {
        const path = `/ops${routeOf(name).path.replace(/:\w+/, id)}${query}`;
        const answer = await ask(path, { method: routeOf(name).method, accept, body });
        operation = answer.location?.split('/').at(-1) ?? operation;
        answers.push(answer.text);
      }
    }
    return answers;
  }

  async function ask(
    path: string,
    { method = 'GET', accept = '*/*', body, token = TOKEN }: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly location: string | null; readonly text: string }> {
    const response = await fetchChecked(`${ops}${path}`, {
      method: String(method),
      headers: {
        authorization: `Bearer ${token}`,
        accept: String(accept),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const heads = [...response.headers].map((header) => header.join(': ')).join('\n');
    const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return {
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

  /** What a client got wrong may be a secret of its own, such as a token in the wrong place. */
  async function refusals(): Promise<string> {
    const texts: string[] = [];
    const keep = async (path: string, changes: Readonly<Record<string, unknown>>) =>
      void texts.push((await ask(path, changes)).text);
    for (const name of ROUTE_NAMES) {
      const { method, path } = routeOf(name);
      const at = `/ops${path.replace(/:\w+/, `${planted}-id`)}`;
      const body = ['POST', 'PATCH'].includes(method)
        ? { reason: planted, captures: planted, id: planted }
        : undefined;
      await keep(`${at}?seconds=${planted}&waitSeconds=${planted}`, { method, body });
      await keep(at, { method, accept: `text/${planted}`, body });
      await keep(at, { method: 'PUT', body: planted });
    }
    await keep(`/ops/${planted}`, {});
    await keep('/ops/leaks', { token: `${planted}${issueToken()}` });
    return texts.join('\n');
  }

  const everywhere = [...ROUTE_NAMES, 'refusals', 'the log', 'the final report', 'the state directory'];
  for (const where of everywhere) {
    it(`shows none of them in: ${where}`, () => {
      assert.ok(published[where]!.length > 100, `there is nothing in ${where}`);
      const at = published[where]!.indexOf(planted);
      assert.equal(at < 0 ? '' : published[where]!.slice(Math.max(0, at - 60), at + 60), '');
    });
  }

  it('keeps the secret of its environment in what it holds', () => {
    assert.ok(program.stdout.includes('the address of the database is kept'), program.stdout);
  });

  it('is still described by the names in its code', () => {
    assert.match(published['leaks']!, /byMail|handlers|waiting|byToken/);
  });
});
