/** The examples of docs/http-api.md, against a watcher that has a finding. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SCOPES } from '../../src/access/scope.js';
import { encodeFindings } from '../../src/findings/finding-store.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { type Watcher, watch } from '../../src/index.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { issueToken } from '../../src/options/tokens.js';
import { finding } from '../report/report-fixture.js';
import { eventually } from '../support/eventually.js';
import { checkAnswer } from '../support/openapi-check.js';
import { documentText } from './document-text.js';

const PAGE = documentText('http-api.md');
/** A capture takes a minute where the machine is busy. */
const PATIENCE_MS = 300_000;
const CURL = spawnSync('curl', ['--version']).status === 0;
/** curl prints only the body: the rest is asked for. */
const PRELUDE = `curl() { command curl -sS -D head -w '%{stderr}%{method} %{url_effective}' "$@"; }`;

interface Example {
  /** `GET /ops/leaks` */
  readonly heading: string;
  readonly blocks: readonly string[];
}

const [, sections] = /\n## Each route\n([\s\S]*?)\n## /.exec(PAGE)!;
const EXAMPLES: readonly Example[] = sections!
  .split(/^### /m)
  .slice(1)
  .map((section) => ({
    heading: section.split('\n', 1)[0]!,
    blocks: [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!),
  }));

test('docs/http-api.md has a section with one curl line for every route, in the order of the table', () => {
  assert.deepEqual(
    EXAMPLES.map(({ heading }) => heading),
    ROUTE_NAMES.map(routeOf).map(({ method, path }) => `${method} /ops${path}`),
  );
  for (const { heading, blocks } of EXAMPLES) {
    assert.equal(blocks.length, 1, heading);
    assert.match(blocks[0]!, /^curl [^\n]+\n$/, heading);
  }
});

describe('the examples of docs/http-api.md', { skip: CURL ? false : 'curl is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-examples-'));
  const token = issueToken();
  const known = finding({ firstSeen: new Date().toISOString(), lastSeen: new Date().toISOString() });
  let watcher: Watcher;
  let operation = '';

  before(async () => {
    const stateDir = join(folder, 'state');
    mkdirSync(stateDir, { mode: 0o700 });
    const file = join(stateDir, `findings-${resolveOptions().program}.json`);
    const stored = encodeFindings({
      findings: [{ ...known, owner: 'OrderHistory.byCustomer' }],
      muted: [],
      muting: new Map(),
      acknowledged: new Map(),
    });
    writeFileSync(file, stored, { mode: 0o600 });
    process.env['LEAKWATCH_ACKNOWLEDGE_EVAL'] = 'read-only';
    watcher = await watch({
      stateDir,
      token: `${token} scope=${SCOPES.join(',')}`,
      listen: '127.0.0.1:0',
      pace: 'fast',
      log: 'silent',
      repl: 'read-only',
    });
  });
  after(async () => {
    delete process.env['LEAKWATCH_ACKNOWLEDGE_EVAL'];
    await watcher.stop();
    rmSync(folder, { recursive: true });
  });

  for (const { heading, blocks } of EXAMPLES) {
    test(heading, async () => {
      const running = heading.startsWith('DELETE') ? await begin('/profile/heap?seconds=120') : null;
      const environment = {
        PATH: process.env['PATH'],
        OPS: `${watcher.address}/ops`,
        AUTH: `Authorization: Bearer ${token}`,
        FINDING: known.id,
        OPERATION: running ?? operation,
      };
      // A capture of the watcher may be in the way of a GC.
      const answer = await eventually(
        heading,
        async () => {
          const tried = await execute(blocks[0]!, environment);
          if (tried.status !== 429) return tried;
          await sleep(Number(tried.headers.get('retry-after')) * 1000);
          return null;
        },
        PATIENCE_MS,
      );
      assert.equal(`${answer.method} ${answer.pattern}`, heading);
      assert.match(String(answer.status), /^2/, answer.body);
      checkAnswer(answer);
      if (answer.status === 202) operation = await ended(idIn(answer.headers));
    });
  }

  const headers = { authorization: `Bearer ${token}` };

  /** What a client has begun excludes other work until it ends. */
  async function ended(id: string): Promise<string> {
    const isOver = async () => {
      const answer = await fetch(`${watcher.address}/ops/operations/${id}?waitSeconds=20`, { headers });
      const { state, error } = (await answer.json()) as { readonly state: string; readonly error: unknown };
      assert.equal(error, null);
      return state === 'succeeded';
    };
    await eventually(`the end of ${id}`, isOver, PATIENCE_MS);
    return id;
  }

  async function begin(path: string): Promise<string> {
    const answer = await fetch(`${watcher.address}/ops${path}`, { method: 'POST', headers });
    assert.equal(answer.status, 202, await answer.text());
    return idIn(answer.headers);
  }

  async function execute(line: string, environment: Readonly<Record<string, string | undefined>>) {
    const options = { cwd: folder, env: environment, timeout: 60_000 };
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `${PRELUDE}\n${line}`], options);
    const [, method = '', url = ''] = /^(\w+) (\S+)$/m.exec(stderr)!;
    const { pathname, search } = new URL(url);
    const heads = readFileSync(join(folder, 'head'), 'latin1').trimEnd().split('\r\n');
    const received = new Map(
      heads.slice(1).map((head) => [head.split(':', 1)[0]!.toLowerCase(), head.replace(/^[^:]*: */, '')]),
    );
    const output = / -o (\S+)/.exec(line)?.[1];
    return {
      method,
      target: pathname + search,
      pattern: patternOf(pathname, environment),
      status: Number(heads[0]!.split(' ')[1]),
      headers: received,
      body: output === undefined ? stdout : readFileSync(join(folder, output), 'latin1'),
    };
  }
});

function idIn(headers: { get(name: string): string | null | undefined }): string {
  return headers.get('location')?.split('/').at(-1) ?? '';
}

/** The path as in the headings. */
function patternOf(
  path: string,
  { FINDING, OPERATION }: Readonly<Record<string, string | undefined>>,
): string {
  return path
    .split('/')
    .map((part) => (part !== '' && (part === FINDING || part === OPERATION) ? ':id' : part))
    .join('/');
}
