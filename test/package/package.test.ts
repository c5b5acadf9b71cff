import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { issueToken } from '../../src/options/tokens.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const COMMAND_MS = 240_000;
/** What npm says when it is the registry, and not the package, that cannot be had. */
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-package-'));
const consumer = join(folder, 'consumer');
mkdirSync(consumer);
after(() => rmSync(folder, { recursive: true }));

/** Neither the caller's npm script nor its Node options nor a watcher's variables reach the commands; programs run on this very Node. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_|LEAKWATCH_|npm_package_|npm_lifecycle_|npm_config_local_prefix$)/.test(name),
  );
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return { ...Object.fromEntries(inherited), PATH: path };
}

function run(
  command: string,
  args: readonly string[],
  where: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): SpawnSyncReturns<string> {
  const result = spawnSync(command, args, {
    cwd: where.cwd ?? consumer,
    encoding: 'utf8',
    env: { ...environment(), XDG_STATE_HOME: join(folder, 'state'), ...where.env },
    timeout: COMMAND_MS,
    maxBuffer: 64 * 2 ** 20,
  });
  if (result.error !== undefined) throw result.error;
  return result;
}

/** Runs what must succeed and returns its stdout. */
function output(command: string, args: readonly string[], cwd = consumer): string {
  const { status, stdout, stderr } = run(command, args, { cwd });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

function write(name: string, text: string): string {
  const path = join(consumer, name);
  writeFileSync(path, text);
  return path;
}

const [packed] = JSON.parse(
  output('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT),
) as [{ filename: string; files: { path: string }[] }];
const tarball = join(folder, packed.filename);

/** Installs the tarball beside both versions of Express; a reason when npm cannot get at what it depends on. */
function install(): string | false {
  write('package.json', '{ "name": "consumer", "version": "1.0.0", "type": "module" }');
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  const { status, stdout, stderr } = run('npm', [
    'install',
    ...quiet,
    tarball,
    'express@4',
    'express5@npm:express@5',
  ]);
  if (status === 0) return false;
  assert.ok(UNREACHABLE.test(stderr), `npm install failed\n${stdout}${stderr}`);
  return 'npm cannot reach a registry';
}

/** For `skip`: this machine had no compiler, or there is no addon for it. */
function withoutAddon(): string | false {
  const file = join(ROOT, 'dist', 'src', 'native', `linux-${process.arch}.node`);
  return existsSync(file) ? false : 'the addon was not built here';
}

const TOKEN = issueToken();

describe('The tarball', () => {
  const paths = packed.files.map(({ path }) => path);

  it('holds every file that exports, bin and files name', () => {
    const { exports, bin, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const named = [
      ...Object.values(exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
      ...Object.values(bin),
    ].map((path) => path.replace(/^\.\//, ''));
    assert.ok(named.length >= 6);
    assert.deepEqual(
      named.filter((path) => !paths.includes(path)),
      [],
    );
    assert.deepEqual(
      files.filter(
        (entry) =>
          !entry.startsWith('!') && !paths.some((path) => path === entry || path.startsWith(`${entry}/`)),
      ),
      [],
    );
    for (const always of [
      'package.json',
      'README.md',
      'LICENSE',
      'SECURITY.md',
      'CONTRIBUTING.md',
      'docs/openapi.json',
    ])
      assert.ok(paths.includes(always), `no ${always}`);
  });

  it('holds no test, benchmark, example or build file', () => {
    const foreign =
      /(^|\/)(test|tests|bench|examples|scripts|node_modules|\.\w[^/]*)\/|\.test\.|\.tsbuildinfo$|\.heapsnapshot$|\.tgz$/;
    assert.deepEqual(
      paths.filter((path) => foreign.test(path)),
      [],
    );
  });

  it('holds every source as compiled, with its declarations and its source map', () => {
    const sources = paths.filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
    assert.ok(sources.length > 30);
    const missing = sources.flatMap((path) => {
      const stem = `dist/${path.slice(0, -'.ts'.length)}`;
      return [`${stem}.js`, `${stem}.d.ts`, `${stem}.js.map`].filter((one) => !paths.includes(one));
    });
    assert.deepEqual(missing, []);
  });

  it('holds the addon of this machine, built of the sources beside it', { skip: withoutAddon() }, () => {
    const addon = `dist/src/native/linux-${process.arch}.node`;
    assert.ok(paths.includes(addon));
    assert.ok(paths.includes('src/native/fork.cc') && paths.includes('src/native/addon.h'));
    // Nothing is to be compiled when they agree, and so no compiler is looked for.
    const script = join(ROOT, 'scripts', 'build-native.mjs');
    const { status, stderr } = run(process.execPath, [script, '--required'], { env: { PATH: consumer } });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('names no path of the machine that built it', () => {
    const machine = [ROOT, homedir()].filter((path) => path.length > 1);
    const telling = paths.filter((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return machine.some((place) => text.includes(`${place}/`));
    });
    assert.deepEqual(telling, []);
  });
});

const unreachable = install();

describe('The package, installed from the tarball', { skip: unreachable }, () => {
  it('is imported by an ES module', () => {
    const program = write(
      'import.mjs',
      `import { LeakwatchError, renderReport, watch } from 'leakwatch';
       const watcher = await watch({ capture: 'off' });
       console.log(renderReport(watcher.report()).length > 0, typeof LeakwatchError, watcher.report().schemaVersion);
       await watcher.stop();`,
    );
    assert.equal(output(process.execPath, [program]), 'true function 1\n');
  });

  it('is required by a CommonJS program', () => {
    const features = process.features as { readonly require_module?: boolean };
    const load =
      features.require_module === true ? "Promise.resolve(require('leakwatch'))" : "import('leakwatch')";
    const program = write(
      'require.cjs',
      `${load}.then(async ({ watch }) => {
         const watcher = await watch({ capture: 'off' });
         console.log(watcher.report().process.pid === process.pid);
         await watcher.stop();
       });`,
    );
    assert.equal(output(process.execPath, [program]), 'true\n');
  });

  it('analyses a snapshot without a watcher, by leakwatch/heap', () => {
    const features = process.features as { readonly require_module?: boolean };
    const use = `const { buildHeapGraph, heapHistogram, parseSnapshotFile } = heap;
       const path = writeHeapSnapshot();
       const graph = buildHeapGraph(await parseSnapshotFile(path));
       console.log(heapHistogram(graph).some(({ className, count }) => className === 'Planted' && count === 7));
       rmSync(path);`;
    const plant = `class Planted {}
       globalThis.kept = Array.from({ length: 7 }, () => new Planted());`;
    const esm = write(
      'heap.mjs',
      `import { rmSync } from 'node:fs';
       import { writeHeapSnapshot } from 'node:v8';
       import * as heap from 'leakwatch/heap';
       ${plant}
       ${use}`,
    );
    const load =
      features.require_module === true ? "require('leakwatch/heap')" : "await import('leakwatch/heap')";
    const commonjs = write(
      'heap.cjs',
      `const { rmSync } = require('node:fs');
       const { writeHeapSnapshot } = require('node:v8');
       ${plant}
       (async () => {
         const heap = ${load};
         ${use}
       })();`,
    );
    for (const program of [esm, commonjs]) assert.equal(output(process.execPath, [program]), 'true\n');
  });

  it('forks without a compiler or an install script, for ES modules and CommonJS programs', {
    skip: withoutAddon(),
  }, () => {
    const place = join(consumer, 'node_modules', 'leakwatch', 'dist', 'src', 'native', 'binding.js');
    const use = `const { binding, reason } = loadBinding();
       if (binding === null) throw new Error(reason);
       let end = null;
       for (let tries = 0; end?.exitCode !== 0 && tries < 20; tries++) {
         const { readFd, writeFd } = binding.pipe();
         const order = { mappings: await binding.scan(), output: writeFd, allotmentBytes: 0, limitMs: 60_000, niceness: 19 };
         const { pid } = binding.fork(order, () => writeSync(writeFd, 'the child'));
         closeSync(writeFd);
         console.log(readFileSync(readFd, 'utf8'));
         closeSync(readFd);
         while ((end = binding.wait(pid)) === null) await new Promise((resolve) => setTimeout(resolve, 5));
       }
       const watcher = await watch({ capture: 'fork' });
       console.log(end.exitCode, watcher.report().watcher.dumper);
       await watcher.stop();`;
    const programs = [
      write(
        'fork.mjs',
        `import { closeSync, readFileSync, writeSync } from 'node:fs';
         import { watch } from 'leakwatch';
         import { loadBinding } from ${JSON.stringify(place)};
         ${use}`,
      ),
      write(
        'fork.cjs',
        `const { closeSync, readFileSync, writeSync } = require('node:fs');
         (async () => {
           const { watch } = await import('leakwatch');
           const { loadBinding } = await import(${JSON.stringify(place)});
           ${use}
         })();`,
      ),
    ];
    for (const program of programs) {
      const { status, stdout, stderr } = run(process.execPath, [program], { env: { PATH: consumer } });
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, /^\n*the child\n0 fork\n$/);
    }
  });

  it('serves the OpenAPI document that it holds, with its own version', () => {
    const place = join(consumer, 'node_modules', 'leakwatch');
    const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { version: string };
    const file = join(place, 'docs', 'openapi.json');
    // Marked, since the service could also make it of its schemas.
    const { info, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as { readonly info: object };
    writeFileSync(file, JSON.stringify({ ...rest, info: { ...info, title: 'from the file' } }));
    const program = write(
      'openapi.mjs',
      `import { createServer } from 'node:http';
       import { watch } from 'leakwatch';
       const watcher = await watch({ token: '${TOKEN}', capture: 'off' });
       const ops = watcher.router();
       const server = createServer((request, response) => {
         request.url = request.url.slice('/ops'.length);
         ops(request, response);
       });
       server.listen(0, '127.0.0.1', async () => {
         const url = 'http://127.0.0.1:' + server.address().port + '/ops/openapi.json';
         const answer = await fetch(url, { headers: { authorization: 'Bearer ${TOKEN}' } });
         console.log(await answer.text());
         await watcher.stop();
         process.exit();
       });`,
    );
    assert.deepEqual(JSON.parse(output(process.execPath, [program])), {
      ...rest,
      info: { ...info, title: 'from the file', version },
    });
  });

  it('goes on without the optional addon, and says what it uses instead', () => {
    const program = write(
      'source.mjs',
      `import { watch } from 'leakwatch';
       const watcher = await watch({ capture: 'off' });
       console.log(watcher.report().watcher.gcSource);
       await watcher.stop();`,
    );
    assert.equal(output(process.execPath, [program]), 'built-in\n');
  });

  for (const file of ['program.mjs', 'program.cjs']) {
    it(`watches ${file} by node --import leakwatch/register`, () => {
      const report = join(folder, `${file}.json`);
      const program = write(file, `console.log('ran');`);
      const result = run(process.execPath, ['--import', 'leakwatch/register', program], {
        env: { LEAKWATCH_REPORT: report },
      });
      assert.deepEqual([result.status, result.stdout, result.stderr], [0, 'ran\n', '']);
      const { schemaVersion } = JSON.parse(readFileSync(report, 'utf8')) as { schemaVersion: number };
      assert.equal(schemaVersion, 1);
    });
  }

  it('offers nothing but its entries', () => {
    const program = write('inside.mjs', `await import('leakwatch/dist/src/watcher.js');`);
    const { status, stderr } = run(process.execPath, [program]);
    assert.equal(status, 1);
    assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  for (const [name, version] of [
    ['express', '4.'],
    ['express5', '5.'],
  ] as const) {
    it(`serves /ops in an app of Express ${version}x`, () => {
      const program = write(
        `${name}.mjs`,
        `import { createRequire } from 'node:module';
         import express from '${name}';
         import { watch } from 'leakwatch';
         const watcher = await watch({ token: '${TOKEN}', capture: 'off' });
         const app = express();
         app.use('/ops', watcher.router());
         app.get('/', (request, response) => response.send('app'));
         const server = app.listen(0, '127.0.0.1', async () => {
           const url = 'http://127.0.0.1:' + server.address().port;
           const ask = async (path, headers) => (await fetch(url + path, { headers })).status;
           const bearer = { authorization: 'Bearer ${TOKEN}' };
           console.log(JSON.stringify({
             express: createRequire(import.meta.url)('${name}/package.json').version,
             app: await ask('/'),
             closed: await ask('/ops/leaks'),
             open: await ask('/ops/leaks', bearer),
             unknown: await ask('/ops/nothing', bearer),
             metrics: await ask('/ops/metrics', bearer),
           }));
           await watcher.stop();
           process.exit();
         });`,
      );
      const { express, ...answers } = JSON.parse(output(process.execPath, [program])) as Record<
        string,
        unknown
      >;
      assert.ok(String(express).startsWith(version), `Express ${express}`);
      assert.deepEqual(answers, { app: 200, closed: 401, open: 200, unknown: 404, metrics: 404 });
    });
  }
});

describe('The command leakwatch, installed from the tarball', { skip: unreachable }, () => {
  const command = join(consumer, 'node_modules', '.bin', 'leakwatch');

  it('prints a token that watch() accepts', () => {
    const token = output(command, ['token']);
    assert.match(token, /^lwt_[\w-]{48}\n$/);
    const program = write(
      'token.mjs',
      `import { watch } from 'leakwatch';
       const watcher = await watch({ token: process.argv[2], capture: 'off' });
       await watcher.stop();
       console.log('accepted');`,
    );
    assert.equal(output(process.execPath, [program, token.trim()]), 'accepted\n');
    assert.notEqual(output(command, ['token']), token);
  });

  it('analyses a heap snapshot and compares it with another', () => {
    const program = write(
      'snapshot.mjs',
      `import { writeHeapSnapshot } from 'node:v8';
       writeHeapSnapshot(process.argv[2]);`,
    );
    const file = join(consumer, 'heap.heapsnapshot');
    output(process.execPath, [program, file]);
    assert.match(output(command, ['analyze', file]), /^HEAP {3}/);
    assert.match(output(command, ['diff', file, file]), /^Nothing in the program grew\.\n/);
  });

  it('prints how it is used when it is told nothing', () => {
    assert.match(output(command, []), /^Usage: leakwatch COMMAND\n[\s\S]*\n {2}token /);
  });

  it('ends with 2 and its usage on stderr at a command it does not know', () => {
    const { status, stdout, stderr } = run(command, ['tokn']);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /unknown command 'tokn'[\s\S]*Usage: leakwatch/);
  });
});

describe('The types of the package, installed from the tarball', { skip: unreachable }, () => {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin',
    'tsc',
  );
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023'];
  const checked = [...strict, '--exactOptionalPropertyTypes', '--types', 'node', '--skipLibCheck', 'false'];

  /** A service in TypeScript has Node's types, and need not have Express's. */
  function compile(file: string, text: string): SpawnSyncReturns<string> {
    const types = join(consumer, 'node_modules', '@types');
    mkdirSync(types, { recursive: true });
    if (!existsSync(join(types, 'node')))
      symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(types, 'node'));
    assert.deepEqual(readdirSync(types), ['node']);
    return run(process.execPath, [compiler, ...checked, write(file, text)]);
  }

  const USE = `
    async function main(): Promise<void> {
      const watcher: Watcher = await watch({ pace: 'fast', token: ['a', 'b'], schedule: { capture: null } });
      watcher.on('finding', (finding: Finding) => console.log(finding.title, finding.growth.steps[0]?.count));
      watcher.on('sample', ({ gc, usedBytes }) => console.log(gc?.pauseMs, usedBytes.toFixed()));
      watcher.once('state', (state, reason) => console.log(state satisfies WatcherState, reason));
      createServer(watcher.router()).listen();
      const report: Report = watcher.report();
      console.log(renderReport(report), report.heap.trend.bytesPerSecond);
      await watcher.stop();
    }
    main().catch((error: unknown) => {
      const code: ErrorCode | null = error instanceof LeakwatchError ? error.code : null;
      console.log(code === 'LEAKWATCH_ERR_LISTEN');
    });`;
  const NAMES =
    '{ type ErrorCode, type Finding, LeakwatchError, type Report, renderReport, type Watcher, type WatcherState, watch }';

  it('suit an ES module', () => {
    const text = `import { createServer } from 'node:http';\nimport ${NAMES} from 'leakwatch';\nimport 'leakwatch/register';\n${USE}`;
    const { status, stdout } = compile('consumer.mts', text);
    assert.equal(status, 0, stdout);
  });

  const HEAP_USE = `
    async function main(): Promise<void> {
      const snapshot: HeapSnapshot = await parseSnapshotFile('heap.heapsnapshot', { ids: true });
      const { dominators } = summarizeHeap(buildHeapGraph(snapshot));
      for (const { id, retainedBytes } of dominators) console.log(id?.toFixed(), retainedBytes.toFixed());
      const result = await compareSnapshots(['a', 'b'].map(readChunks));
      if (result.outcome === 'success') for (const { owner, fingerprint } of result.suspects) console.log(owner, fingerprint);
      else console.log(result.snapshot satisfies number, result.reason);
    }
    main();`;

  for (const file of ['heap.mts', 'heap.cts']) {
    it(`suit ${file} that analyses snapshots`, () => {
      const names =
        '{ buildHeapGraph, compareSnapshots, type HeapSnapshot, parseSnapshotFile, readChunks, summarizeHeap }';
      const { status, stdout } = compile(file, `import ${names} from 'leakwatch/heap';\n${HEAP_USE}`);
      assert.equal(status, 0, stdout);
    });
  }

  it('suit a CommonJS module', () => {
    const text = `import { createServer } from 'node:http';\nimport ${NAMES} from 'leakwatch';\n${USE}`;
    const { status, stdout } = compile('consumer.cts', text);
    assert.equal(status, 0, stdout);
  });

  it('refuse an option that does not exist, an event that does not exist, and a change of the report', () => {
    const { status, stdout } = compile(
      'mistaken.mts',
      `import { watch } from 'leakwatch';
       const watcher = await watch({ paces: 'fast' });
       watcher.on('leak', () => {});
       watcher.report().heap.liveBytes = 0;`,
    );
    assert.notEqual(status, 0);
    const lines = [...stdout.matchAll(/^mistaken\.mts[:(](\d+)/gm)].map(([, line]) => Number(line));
    assert.deepEqual(lines, [2, 3, 4], stdout);
  });
});
