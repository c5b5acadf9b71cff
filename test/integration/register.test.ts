import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Report } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { WatchedProgram } from '../support/watched-program.js';

const TOKEN = issueToken();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-register-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function reportFile(): string {
  return join(folder, `report-${files++}.json`);
}

function environment(more: Record<string, string> = {}): Record<string, string> {
  return { LEAKWATCH_STATE_DIR: join(folder, 'state'), ...more };
}

function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

describe('node --import leakwatch/register', () => {
  for (const [way, ending] of Object.entries({
    returns: { code: 0, signal: null },
    exits: { code: 7, signal: null },
    throws: { code: 1, signal: null },
  })) {
    it(`leaves the report of a CommonJS program that ${way}, and its exit code`, async () => {
      const LEAKWATCH_REPORT = reportFile();
      const program = new WatchedProgram('plain-commonjs.cjs', [way], environment({ LEAKWATCH_REPORT }));
      assert.deepEqual(await program.ended, ending);
      const report = readReport(LEAKWATCH_REPORT);
      assert.equal(report.schemaVersion, 1);
      assert.equal(report.process.pid, program.child.pid);
      assert.deepEqual(report.findings, []);
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`leaves the report of a program that ${signal} ends, and lets it end by it`, async () => {
      const LEAKWATCH_REPORT = reportFile();
      const program = new WatchedProgram('plain-commonjs.cjs', ['waits'], environment({ LEAKWATCH_REPORT }));
      await program.running();
      assert.deepEqual(await program.stop(signal), { code: null, signal });
      assert.equal(readReport(LEAKWATCH_REPORT).process.pid, program.child.pid);
    });
  }

  for (const way of ['shuts down by once()', 'ends itself only when nobody else listens'] as const) {
    it(`lets a program that ${way} do so on SIGTERM`, async () => {
      const unwatched = new WatchedProgram('signal-handlers.cjs', [way], {}, [], false);
      await unwatched.running();
      const expected = await unwatched.stop('SIGTERM');
      const LEAKWATCH_REPORT = reportFile();
      const program = new WatchedProgram('signal-handlers.cjs', [way], environment({ LEAKWATCH_REPORT }));
      await program.running();
      assert.deepEqual(await program.stop('SIGTERM'), expected);
      assert.equal(program.stdout, unwatched.stdout);
      assert.ok(existsSync(LEAKWATCH_REPORT));
    });
  }

  it('writes into what is no file of its own, such as a pipe, and leaves it what it is', async () => {
    const LEAKWATCH_REPORT = reportFile();
    symlinkSync('/dev/null', LEAKWATCH_REPORT);
    const program = new WatchedProgram('plain-commonjs.cjs', ['returns'], environment({ LEAKWATCH_REPORT }));
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.equal(readlinkSync(LEAKWATCH_REPORT), '/dev/null');
  });

  it('keeps the reports of a program and of those it starts apart', async () => {
    const LEAKWATCH_REPORT = reportFile();
    const program = new WatchedProgram('parent.mjs', [], environment({ LEAKWATCH_REPORT }));
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.equal(readReport(LEAKWATCH_REPORT).process.pid, program.child.pid);
    const childPid = Number(program.stdout);
    assert.equal(readReport(LEAKWATCH_REPORT.replace('.json', `.${childPid}.json`)).process.pid, childPid);
  });

  it('runs on when no descriptor is left for an analysis', { timeout: 120_000 }, async () => {
    const program = new WatchedProgram(
      'no-descriptors.mjs',
      [],
      environment({ LEAKWATCH_PACE: 'fast', LEAKWATCH_LOG: 'warn' }),
      [],
      true,
      256,
    );
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.match(
      program.stderr,
      /capture (analysis|dump)-failed: (.*EMFILE|the forked child could not release)/,
    );
  });

  it("leaves a program's own SIGTERM handler in charge", async () => {
    const LEAKWATCH_REPORT = reportFile();
    const program = new WatchedProgram(
      'plain-commonjs.cjs',
      ['ends on its own SIGTERM handler'],
      environment({ LEAKWATCH_REPORT }),
    );
    await program.running();
    assert.deepEqual(await program.stop('SIGTERM'), { code: 9, signal: null });
    assert.ok(existsSync(LEAKWATCH_REPORT));
  });

  it('finds the leak of an ES module that knows nothing of it, and says so everywhere', {
    timeout: 360_000,
  }, async () => {
    const LEAKWATCH_REPORT = reportFile();
    const program = new WatchedProgram(
      'leaky-esm.mjs',
      [],
      environment({
        LEAKWATCH_REPORT,
        LEAKWATCH_TOKEN: TOKEN,
        LEAKWATCH_LISTEN: '127.0.0.1:0',
        LEAKWATCH_PACE: 'fast',
      }),
    );
    after(() => program.stop());
    const ops = await program.opsAddress();
    const ask = (path: string, accept = 'application/json') =>
      fetchChecked(ops + path, { headers: { authorization: `Bearer ${TOKEN}`, accept } });

    assert.equal((await fetchChecked(`${ops}/ops/leaks`)).status, 401);
    assert.equal((await fetchChecked(`${ops}/metrics`)).status, 401);
    const found = await eventually(
      'a confirmed finding',
      async () =>
        ((await (await ask('/ops/leaks')).json()) as Report).findings.find(
          ({ status }) => status === 'confirmed',
        ),
      // A minute where the machine is free; each capture waits for its turn where it is not.
      300_000,
      // A client may read the report 600 times a minute.
      200,
    );
    assert.equal(found.className, 'Session');
    assert.match(found.title, /^SessionStore\.sessions gains /);
    assert.deepEqual(found.retainerPath.map(({ node }) => node).slice(-3), [
      'SessionStore',
      'Map',
      'Session',
    ]);
    assert.match(
      await (await ask('/ops/leaks', 'text/plain')).text(),
      /^LEAK confirmed[\s\S]*SessionStore[\s\S]*sessions/,
    );
    assert.match(
      await (await ask('/metrics')).text(),
      /^leakwatch_findings\{kind="heap",status="confirmed"\} 1$/m,
    );
    assert.match(program.stderr, /leak confirmed \(lw-[0-9a-f]{16}\): SessionStore\.sessions/);

    assert.deepEqual(await program.stop('SIGTERM'), { code: null, signal: 'SIGTERM' });
    const report = readReport(LEAKWATCH_REPORT);
    assert.equal(report.findings[0]?.id, found.id);
    assert.equal(report.watcher.state, 'confirmed');
    assert.ok(
      !program.stderr.includes(TOKEN) &&
        !readFileSync(LEAKWATCH_REPORT, 'utf8').includes('browser 1 of somebody'),
    );
  });

  it('lets the program run unwatched, after one clear line, when something is wrong', async () => {
    const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{ LEAKWATCH_PACE: 'slow' }, /pace is one of .*LEAKWATCH_ERR_INVALID_OPTION/],
      [{ LEAKWATCH_TOKENS: 'x' }, /Did you mean 'LEAKWATCH_TOKEN'\?.*LEAKWATCH_ERR_UNKNOWN_OPTION/],
      [{ LEAKWATCH_TOKEN: 'secret' }, /npx leakwatch token.*LEAKWATCH_ERR_WEAK_TOKEN/],
      [
        { LEAKWATCH_REPORT: '/nowhere/report.json' },
        /report cannot be written.*LEAKWATCH_ERR_INVALID_OPTION/,
      ],
      [{ LEAKWATCH_CAPTURE_CRON: 'often' }, /schedule\.capture 'often'.*LEAKWATCH_ERR_INVALID_CRON/],
      [{ LEAKWATCH_STATE_DIR: '/proc/leakwatch' }, /state directory.*LEAKWATCH_ERR_STATE_DIR/],
      [
        { LEAKWATCH_LISTEN: '0.0.0.0:0', LEAKWATCH_TOKEN: TOKEN },
        /LEAKWATCH_ALLOW_REMOTE.*LEAKWATCH_ERR_LISTEN_EXPOSED/,
      ],
    ];
    for (const [variables, words] of cases) {
      const program = new WatchedProgram('leaky-esm.mjs', ['1'], environment(variables));
      assert.deepEqual(await program.ended, { code: 0, signal: null });
      assert.equal(program.stdout, 'running\n');
      assert.match(program.stderr, /^leakwatch: not watching: [^\n]*\n$/);
      assert.match(program.stderr, words);
      assert.ok(!program.stderr.includes('secret') && !program.stderr.includes(TOKEN));
    }
  });

  it('watches without a listener where another process has the port, as in a cluster, and says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await eventually('the listener', () => taken.listening);
    const { port } = taken.address() as { port: number };
    const LEAKWATCH_REPORT = reportFile();
    const program = new WatchedProgram(
      'leaky-esm.mjs',
      ['60'],
      environment({ LEAKWATCH_LISTEN: `127.0.0.1:${port}`, LEAKWATCH_TOKEN: TOKEN, LEAKWATCH_REPORT }),
    );
    await eventually('the line', () => program.stderr !== '');
    assert.match(
      program.stderr,
      /^leakwatch: watching, without a listener: Cannot listen.*EADDRINUSE.*LEAKWATCH_ERR_LISTEN\)\n$/,
    );
    await program.stop('SIGTERM');
    const { watcher } = readReport(LEAKWATCH_REPORT);
    assert.notEqual(watcher.state, 'failed');
    taken.close();
  });

  it('hands its watcher to a program that calls watch() itself, and says that its options are not used', async () => {
    const index = new URL('../../src/index.js', import.meta.url).href;
    const program = new WatchedProgram('calls-watch.mjs', [index], environment({ LEAKWATCH_PACE: 'fast' }));
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.deepEqual(JSON.parse(program.stdout), { pace: 'fast', router: 'function' });
    assert.match(program.stderr, /leakwatch\/register already watches/);
  });

  it('leaves package managers alone, so that the program they start has port and report for itself', async () => {
    const LEAKWATCH_REPORT = reportFile();
    const npm = join(folder, 'npm-cli.cjs');
    writeFileSync(npm, '');
    const program = new WatchedProgram(npm, [], environment({ LEAKWATCH_REPORT }));
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.ok(!existsSync(LEAKWATCH_REPORT));
  });

  it('opens no listener without a token, and says how to set one', async () => {
    const program = new WatchedProgram(
      'leaky-esm.mjs',
      ['1'],
      environment({ LEAKWATCH_LISTEN: '127.0.0.1:0' }),
    );
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.match(
      program.stderr,
      /^leakwatch: no listener is opened, .*set LEAKWATCH_TOKEN .*npx leakwatch token[^\n]*\n$/,
    );
  });

  it('warns where nothing but a temporary directory can keep its state', async () => {
    const changes = { LEAKWATCH_STATE_DIR: '', XDG_STATE_HOME: '', HOME: '/proc', TMPDIR: folder };
    const program = new WatchedProgram('leaky-esm.mjs', ['1'], environment(changes));
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.match(program.stderr, /^leakwatch: findings.*temporary directory.*LEAKWATCH_STATE_DIR\).\n$/);
  });

  it('is silent when there is nothing to say', async () => {
    const program = new WatchedProgram('leaky-esm.mjs', ['1'], environment());
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.equal(program.stderr, '');
  });

  it('loads no analysis code and, before the program runs, next to nothing', async () => {
    const recorder = [
      '--import',
      new URL('../../../test/integration/programs/record-modules.mjs', import.meta.url).href,
    ];
    const program = new WatchedProgram('loaded-modules.cjs', [], environment(), recorder);
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    const { before, after: later } = JSON.parse(program.stdout) as { before: string[]; after: string[] };
    const loaded = (modules: string[], pattern: RegExp) => modules.filter((url) => pattern.test(url));
    assert.equal(loaded(later, /\/src\/daemon\/daemon\.js$/).length, 1);
    assert.notDeepEqual(loaded(later, /\/node_modules\/prom-client\//), []);
    assert.deepEqual(loaded(later, /\/src\/heap\//), []);
    assert.deepEqual(loaded(before, /\/node_modules\//), []);
    assert.ok(loaded(before, /\/src\//).length < 10, before.join(' '));
  });
});
