import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Report } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { WatchedProgram } from '../support/watched-program.js';

const TOKEN = issueToken();
const LIMIT_MS = 240_000;

describe('A service full of secrets that leaks in several ways', { timeout: 400_000 }, () => {
  // Letters alone look most like names.
  const planted = `planted${'abcdefghij'[randomBytes(1)[0]! % 10]}secret`;
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-secrets-'));
  const report = join(folder, 'report.json');
  const stateDirectory = join(folder, 'state');
  let program: WatchedProgram;
  let published: Readonly<Record<string, string>>;

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
    const ops = await program.opsAddress();
    const ask = async (path: string, accept = 'application/json') =>
      await (await fetch(ops + path, { headers: { authorization: `Bearer ${TOKEN}`, accept } })).text();
    const findings = await eventually(
      'a confirmed finding',
      async () => {
        const found = (JSON.parse(await ask('/ops/leaks')) as Report).findings;
        return found.some(({ status }) => status === 'confirmed') ? found : null;
      },
      LIMIT_MS,
    );
    const each = await Promise.all(
      findings.flatMap(({ id }) =>
        ['application/json', 'text/plain'].map((accept) => ask(`/ops/leaks/${id}`, accept)),
      ),
    );
    const [json, text, status, metrics] = await Promise.all([
      ask('/ops/leaks'),
      ask('/ops/leaks', 'text/plain'),
      ask('/ops/status'),
      ask('/metrics'),
    ]);
    await program.stop('SIGTERM');
    const kept = readdirSync(stateDirectory).map((name) => readFileSync(join(stateDirectory, name), 'utf8'));
    published = {
      json,
      text,
      status,
      metrics,
      findings: each.join('\n'),
      log: program.stderr,
      report: readFileSync(report, 'utf8'),
      'state directory': kept.join('\n'),
    };
  });
  after(async () => {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const where of ['json', 'text', 'status', 'metrics', 'findings', 'log', 'report', 'state directory']) {
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
    assert.match(published['json']!, /byMail|handlers|waiting|byToken/);
  });
});
