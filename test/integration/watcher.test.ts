import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair } from 'jose';
import { getTasks } from 'node-cron';
import { Counter, Registry } from 'prom-client';
import {
  type ErrorCode,
  type HeapSample,
  type KeySet,
  LeakwatchError,
  type Report,
  type Watcher,
  watch,
} from '../../src/index.js';
import type { Options } from '../../src/options/options.js';
import { issueToken } from '../../src/options/tokens.js';
import { Authority, withoutOpenssl } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { createRecordingLogger } from '../support/recording-logger.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const TOKEN = issueToken();
const OTHER_TOKEN = issueToken();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-watcher-'));
const stateDir = join(folder, 'state');
const running: Watcher[] = [];
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((watcher) => watcher.stop()));
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});
after(() => rmSync(folder, { recursive: true }));

async function start(options: Options = {}): Promise<Watcher> {
  const watcher = await watch({ stateDir, capture: 'off', log: 'silent', ...options });
  running.push(watcher);
  return watcher;
}

function failsWith(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof LeakwatchError && error.code === code;
}

/** A server that hands everything to the watcher's router, as an app would below `/ops`. */
async function mount(watcher: Watcher): Promise<string> {
  const server = createServer(watcher.router());
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(url: string, token?: string): Promise<{ status: number; body: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetchChecked(url, { headers });
  return { status: response.status, body: await response.text() };
}

/** Runs a program of this folder to its end, with --expose-gc, and returns what it prints. */
async function runProgram<T>(file: string): Promise<T> {
  const program = fileURLToPath(new URL(`./programs/${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', program, stateDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (text) => {
    output += String(text);
  });
  child.stderr.on('data', (text) => {
    complaints += String(text);
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, complaints);
  return JSON.parse(output) as T;
}

/** The fields of the report's contract, each with the fields of its objects or of its lists' entries; null: a plain value. */
interface Fields {
  readonly [name: string]: Fields | null;
}
const PROCESS: Fields = { pid: null, nodeVersion: null, startedAt: null, threadId: null };
const CAPTURE: Fields = {
  id: null,
  dumper: null,
  trigger: null,
  outcome: null,
  pauseMs: null,
  durationMs: null,
  peakBytes: null,
  nodes: null,
};
const WATCHER: Fields = {
  state: null,
  reason: null,
  gcSource: null,
  dumper: null,
  pace: null,
  captures: CAPTURE,
  cost: { cpuSeconds: null },
};
const HEAP: Fields = {
  liveBytes: null,
  limitBytes: null,
  rssBytes: null,
  externalBytes: null,
  trend: { bytesPerSecond: null, low: null, high: null, windowMs: null },
  secondsToLimit: null,
};
const FINDING: Fields = {
  id: null,
  status: null,
  kind: null,
  title: null,
  reasons: null,
  confidence: null,
  firstSeen: null,
  lastSeen: null,
  confirmedAt: null,
  className: null,
  retainerPath: { edge: null, edgeType: null, node: null, nodeType: null },
  growth: {
    bytesPerSecond: null,
    objectsPerSecond: null,
    bytesPerRequest: null,
    shareOfGrowth: null,
    steps: { at: null, count: null, bytes: null },
  },
  allocationSites: null,
  bound: null,
  secondsToLimit: null,
};
const CONTRACT: Fields = {
  schemaVersion: null,
  process: PROCESS,
  watcher: WATCHER,
  heap: HEAP,
  findings: FINDING,
};
/** What the report has beyond the contract. */
const ADDITIONS: readonly string[] = [
  'watcher.since',
  'watcher.reasonCode',
  'watcher.detail',
  'watcher.captures[].at',
  'watcher.captures[].rung',
  'watcher.captures[].reason',
  'watcher.captures[].cause',
  'watcher.captures[].analysisMs',
  'watcher.captures[].cpuSeconds',
  'watcher.captures[].retries',
  'watcher.captures[].writer',
  'watcher.captures[].roots',
  'watcher.captures[].writerReason',
  'heap.at',
  'heap.secondsToLimitRange',
  'findings[].alsoHeldBy',
  'findings[].evidence',
  'findings[].expiry',
  'findings[].fields',
  'findings[].locations',
  'findings[].mechanism',
  'findings[].acknowledgement',
  'findings[].muted',
  'findings[].muting',
  'findings[].package',
  'findings[].yours',
  'findings[].growth.bytesScaled',
];

/** `heap.trend.low` of every field of `value`, as far as `fields` goes down; entries of lists as `captures[].id`. */
function pathsIn(value: unknown, fields: Fields | null, path = ''): string[] {
  if (fields === null) return [path];
  if (Array.isArray(value)) return value.flatMap((entry) => pathsIn(entry, fields, `${path}[]`));
  return Object.entries(value as object).flatMap(([name, inner]) =>
    pathsIn(inner, fields[name] ?? null, path === '' ? name : `${path}.${name}`),
  );
}

function pathsOf(fields: Fields, report: unknown, path = ''): string[] {
  return Object.entries(fields).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const value = (report as Record<string, unknown>)[name];
    if (inner === null) return [at];
    if (!Array.isArray(value)) return pathsOf(inner, value, at);
    return value.length === 0 ? [] : pathsOf(inner, value[0], `${at}[]`);
  });
}

/** Fails unless `report` has the contract's fields and the additions, of its lists' entries where it has entries. */
function assertContract(report: Report): void {
  const parsed: unknown = JSON.parse(JSON.stringify(report));
  const actual = [...new Set(pathsIn(parsed, CONTRACT))];
  const lists = { 'watcher.captures[]': report.watcher.captures, 'findings[]': report.findings };
  const additions = ADDITIONS.filter((path) =>
    Object.entries(lists).every(([list, entries]) => entries.length > 0 || !path.startsWith(list)),
  );
  assert.deepEqual(actual.sort(), [...pathsOf(CONTRACT, parsed), ...additions].sort());
}

describe('report()', () => {
  it('has exactly the fields of the contract and its additions, before anything was found', async () => {
    const report = (await start({ pace: 'fast' })).report();
    assertContract(report);
    assert.deepEqual(report.findings, []);
    assert.equal(report.schemaVersion, 1);
    assert.equal(report.process.pid, process.pid);
    assert.equal(report.process.nodeVersion, process.version);
    assert.equal(report.watcher.pace, 'fast');
    assert.ok(report.heap.liveBytes > 0 && report.heap.limitBytes > report.heap.liveBytes);
    assert.ok(report.heap.rssBytes > report.heap.liveBytes);
  });

  it('has them of a capture too, which it tells as an event', async () => {
    const watcher = await start({ pace: 'fast', capture: 'inline', schedule: { capture: '* * * * * *' } });
    let taken: string | null = null;
    watcher.once('capture', ({ id, trigger }) => {
      taken = `${id} ${trigger}`;
    });
    await eventually('a capture', () => taken);
    const report = watcher.report();
    assertContract(report);
    const [capture] = report.watcher.captures;
    assert.equal(`${capture?.id} ${capture?.trigger}`, taken);
    assert.equal(capture?.trigger, 'schedule');
  });

  it('has no addition that docs/report-schema.md does not name', () => {
    const page = readFileSync(join(ROOT, 'docs', 'report-schema.md'), 'utf8');
    const words = new Set(
      [...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[^\w[\].]+/)),
    );
    const named = (path: string) =>
      [...words].some((word) => word !== '' && (path === word || path.endsWith(`.${word}`)));
    assert.deepEqual(
      ADDITIONS.filter((path) => !named(path)),
      [],
    );
  });
});

describe("'sample' events", () => {
  it('come at the end of real full collections, with what they left alive', { timeout: 60_000 }, async () => {
    const { before, during, after, liveBytes, count } = await runProgram<{
      before: HeapSample;
      during: HeapSample;
      after: HeapSample;
      liveBytes: number;
      count: number;
    }>('real-collections.js');
    const live = ({ exact, usedBytes, oldBytes }: HeapSample) => (exact ? usedBytes : oldBytes);
    for (const { cause, gc } of [before, during, after]) {
      assert.equal(cause, 'gc');
      assert.equal(gc?.own, false);
      assert.ok((gc?.pauseMs ?? 0) > 0);
    }
    // Each object, its text and its array take 100 bytes and more.
    assert.ok(live(during) - live(before) > count * 100);
    assert.ok(live(after) < live(during) - count * 100);
    assert.equal(liveBytes, live(during));
  });
});

describe('watch()', () => {
  it('rejects while the thread is watched, and leaves the first watcher going', async () => {
    const first = await start({ pace: 'fast' });
    await assert.rejects(start(), failsWith('LEAKWATCH_ERR_ALREADY_WATCHING'));
    let sampled = false;
    first.once('sample', () => {
      sampled = true;
    });
    await eventually('another sample of the first watcher', () => sampled);
    await assert.rejects(start(), failsWith('LEAKWATCH_ERR_ALREADY_WATCHING'));
  });

  it('works again after stop(), which may be called twice', async () => {
    const first = await start();
    await Promise.all([first.stop(), first.stop()]);
    await first.stop();
    const second = await start({ pace: 'fast' });
    assert.equal(second.report().watcher.pace, 'fast');
  });

  it('rejects an option it cannot use, and watches with the next', async () => {
    await assert.rejects(start({ schedule: { sample: 'often' } }), failsWith('LEAKWATCH_ERR_INVALID_CRON'));
    await assert.rejects(start({ stateDir: '/proc/leakwatch' }), failsWith('LEAKWATCH_ERR_STATE_DIR'));
    await assert.rejects(start({ token: 'short' }), failsWith('LEAKWATCH_ERR_WEAK_TOKEN'));
    await assert.rejects(start({ registry: {} as Registry }), failsWith('LEAKWATCH_ERR_INVALID_OPTION'));
    await start();
  });

  it('rejects when the port is taken, and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    servers.push(taken);
    await once(taken, 'listening');
    const listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const registry = new Registry();
    const report = join(folder, 'final.json');
    const left = () => ({
      tasks: getTasks().size,
      requestCounter: hasSubscribers('http.server.request.start'),
      exit: process.listenerCount('exit'),
      signals: process.listenerCount('SIGTERM'),
      metrics: registry.getMetricsAsArray().length,
    });
    const before = left();
    await assert.rejects(
      start({ listen, token: TOKEN, registry, report }),
      failsWith('LEAKWATCH_ERR_LISTEN'),
    );
    assert.deepEqual(left(), before);
    await start({ listen: '127.0.0.1:0', token: TOKEN, registry, report });
    assert.notDeepEqual(left(), before);
  });
});

describe('A registry of the host', () => {
  it('holds the metrics beside its own while the watcher runs, and loses them when it stops', async () => {
    const registry = new Registry();
    const orders = new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] });
    orders.inc(3);
    const watcher = await start({ registry, listen: '127.0.0.1:0', token: TOKEN });
    const watched = await registry.metrics();
    assert.match(watched, /^leakwatch_watcher_samples_total [1-9]/m);
    assert.match(watched, /^leakwatch_heap_used_bytes [1-9]/m);
    assert.match(watched, /^orders_total 3$/m);
    const { status, body } = await ask(`${watcher.address}/metrics`, TOKEN);
    assert.equal(status, 200);
    assert.match(body, /^orders_total 3$/m);
    await watcher.stop();
    assert.deepEqual(
      registry.getMetricsAsArray().map(({ name }) => name),
      ['orders_total'],
    );
  });
});

describe('router()', () => {
  it('answers 404 to everything without a token, and warns with each call how to give it one', async () => {
    const logger = createRecordingLogger();
    const watcher = await start({ logger });
    const warnings = () =>
      logger.lines.filter(
        ({ level, message }) =>
          level === 'warn' && /give watch\(\) the option token.*npx leakwatch token/.test(message),
      );
    assert.equal(warnings().length, 0);
    const url = await mount(watcher);
    assert.equal(warnings().length, 1);
    watcher.router();
    assert.equal(warnings().length, 2);
    for (const path of ['/leaks', '/status', '/metrics', '/nothing']) {
      assert.equal((await ask(url + path)).status, 404);
      assert.equal((await ask(url + path, TOKEN)).status, 404);
    }
    assert.equal(warnings().length, 2);
  });

  it('answers the report to who has the token', async () => {
    const watcher = await start({ token: TOKEN });
    const url = await mount(watcher);
    assert.equal((await ask(`${url}/leaks`)).status, 401);
    assert.equal((await ask(`${url}/leaks`, OTHER_TOKEN)).status, 401);
    const { status, body } = await ask(`${url}/leaks`, TOKEN);
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as Report).process.startedAt, watcher.report().process.startedAt);
  });
});

describe('Credentials', () => {
  it('of JWT need jose, which nothing else needs', async () => {
    const [alone, hooked, jwt, again] = await runProgram<string[]>('without-jose.js');
    assert.deepEqual([alone, hooked, again], ['watched', 'watched', 'watched']);
    assert.match(jwt!, /^LEAKWATCH_ERR_INVALID_OPTION: .*npm install jose@6/);
  });

  it('in a token file follow the file, without a restart', {
    skip: process.platform === 'win32',
  }, async () => {
    const tokenFile = join(folder, 'tokens');
    writeFileSync(tokenFile, `${TOKEN} id=old\n`, { mode: 0o600 });
    const url = await mount(await start({ tokenFile }));
    assert.equal((await ask(`${url}/leaks`, TOKEN)).status, 200);
    writeFileSync(`${tokenFile}.next`, `${OTHER_TOKEN} id=new\n`, { mode: 0o600 });
    renameSync(`${tokenFile}.next`, tokenFile);
    // The old token is no failure while it is valid, so asking with it is not limited as failures are.
    await eventually(
      'the old token is refused',
      async () => (await ask(`${url}/leaks`, TOKEN)).status === 401,
    );
    assert.equal((await ask(`${url}/leaks`, OTHER_TOKEN)).status, 200);
  });
});

describe('GET /ops/status', () => {
  it('shows sources, costs and options, and no secret', async () => {
    const watcher = await start({ token: [TOKEN, OTHER_TOKEN], listen: '127.0.0.1:0', pace: 'fast' });
    const { status, body } = await ask(`${watcher.address}/ops/status`, TOKEN);
    assert.equal(status, 200);
    const shown = JSON.parse(body) as {
      gcSource: { name: string; reason: string };
      listener: string;
      options: { tokens: number; pace: string };
    };
    assert.equal(shown.gcSource.name, watcher.report().watcher.gcSource);
    assert.ok(shown.gcSource.reason.length > 0);
    assert.equal(shown.listener, watcher.address);
    assert.equal(shown.options.pace, 'fast');
    assert.equal(shown.options.tokens, 2);
    for (const secret of [TOKEN, OTHER_TOKEN]) assert.ok(!body.includes(secret.slice(0, 8)));
  });

  it('shows which credentials are set, and nothing of their content', {
    skip: withoutOpenssl(),
  }, async () => {
    const certificate = new Authority(folder, 'status').issue('/CN=localhost', 'DNS:localhost');
    const pem = { key: readFileSync(certificate.key, 'utf8'), cert: readFileSync(certificate.cert, 'utf8') };
    const jwks = { keys: [await exportJWK((await generateKeyPair('ES256')).publicKey)] } as KeySet;
    const watcher = await start({
      token: `${TOKEN} id=ci scope=read`,
      listen: '127.0.0.1:0',
      tls: pem,
      jwt: { issuer: 'https://issuer.example', audience: 'ops', jwks },
      authorize: ({ header }) => (header('x-user') === 'ann' ? { id: 'ann', scopes: ['read'] } : null),
    });
    assert.match(watcher.address ?? '', /^https:/);
    const url = await mount(watcher);
    const { status, body } = await ask(`${url}/status`, TOKEN);
    assert.equal(status, 200);
    const shown = JSON.parse(body) as { access: { tokens: unknown }; options: { tls: unknown } };
    assert.deepEqual(shown.access, {
      tokens: [{ id: 'ci', scopes: ['read'], expires: null, state: 'valid' }],
      tokenFile: null,
      authorize: true,
      jwt: true,
      clients: 0,
    });
    assert.equal(shown.options.tls, true);
    for (const secret of [
      TOKEN.slice(0, 12),
      'BEGIN',
      pem.key.slice(40, 60),
      jwks.keys[0]!['x'],
      'issuer.example',
    ])
      assert.ok(!body.includes(String(secret)), String(secret));
    assert.equal((await fetch(`${url}/leaks`, { headers: { 'x-user': 'ann' } })).status, 200);
    assert.equal((await fetch(`${url}/leaks`, { headers: { 'x-user': 'eve' } })).status, 401);
  });

  it('shows nothing of the environment, which has the secrets of the whole service', async () => {
    process.env['SECRET_OF_THE_SERVICE'] = 'planted-in-the-environment';
    try {
      const watcher = await start({ token: TOKEN, listen: '127.0.0.1:0', pace: 'fast' });
      const { body } = await ask(`${watcher.address}/ops/status`, TOKEN);
      assert.ok(!body.includes('planted-in-the-environment'));
    } finally {
      delete process.env['SECRET_OF_THE_SERVICE'];
    }
  });
});

describe('A logger of the host', { skip: process.platform === 'win32' }, () => {
  it('receives the lines, without the prefix that stderr needs', async () => {
    const logger = createRecordingLogger();
    const listen = `unix:${join(folder, 'ops.sock')}`;
    const watcher = await start({ logger, listen, token: TOKEN });
    assert.equal(watcher.address, listen);
    assert.deepEqual(logger.lines, [{ level: 'info', message: `listening on ${listen}` }]);
  });
});

describe('A watcher whose listeners fail', () => {
  it('goes on, tells the others of its finding, and logs each failure', { timeout: 180_000 }, async () => {
    const { report, lines } = await runProgram<{ report: Report; lines: string[] }>('failing-listeners.js');
    assertContract(report);
    assert.equal(report.findings[0]?.className, 'Session');
    const failures = lines.filter((line) => line.startsWith("a listener of 'finding' failed: "));
    assert.ok(failures.some((line) => line.endsWith('a synchronous listener fails')));
    assert.ok(failures.some((line) => line.endsWith('an asynchronous listener fails')));
  });
});
