import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LeakwatchError } from '../../src/errors.js';
import { type Listener, openListener } from '../../src/http/listener.js';
import { createOpsRouter } from '../../src/http/ops-router.js';
import { parseListenAddress } from '../../src/options/listen-address.js';
import {
  bearer,
  dependencies,
  EXPOSITION,
  exchange,
  generousLimits,
  memoryLogger,
  ownListener,
  type Place,
  raw,
  TOKEN,
} from './ops-fixture.js';

function open(listen: string, allowedHosts: readonly string[] = []): Promise<Listener> {
  return openListener({
    listen: parseListenAddress(listen),
    allowedHosts,
    tls: null,
    loadRouter: async (own) => createOpsRouter(dependencies({ own })),
    limits: generousLimits(),
    logger: memoryLogger(),
  });
}

function listenError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof LeakwatchError);
    assert.equal(error.code, 'LEAKWATCH_ERR_LISTEN');
    assert.match(error.message, message);
    return true;
  };
}

describe('a listener on loopback', () => {
  let place: Place;
  before(async () => {
    place = await ownListener();
  });
  after(() => place.close());
  const send = (bytes: string | Buffer) => exchange(place.port, bytes);

  test('serves the metrics in both places to a token', async () => {
    for (const path of ['/metrics', '/ops/metrics', '/metrics?x=1']) {
      const answer = await send(raw(path, [bearer()]));
      assert.equal(answer.status, 200, path);
      assert.equal(answer.body, EXPOSITION);
      assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
      assert.equal((await send(raw(path))).status, 401);
    }
    assert.equal((await send(raw('/metrics', [bearer()], 'POST'))).status, 405);
  });

  test('gives the same 401 outside of its routes, and 404 to a token', async () => {
    const expected = await send(raw('/ops/leaks'));
    for (const path of [
      '/',
      '/leaks',
      '/status',
      '/favicon.ico',
      '/metricsx',
      '/metrics/',
      '/Metrics',
      'http://localhost/ops/leaks',
    ]) {
      const answer = await send(raw(path));
      assert.equal(answer.head + answer.body, expected.head + expected.body, path);
      assert.equal((await send(raw(path, [bearer()]))).status, 404, path);
    }
  });

  test('answers whoever names it in the Host header', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1',
      `127.0.0.1:${place.port}`,
      '[::1]',
      '[::1]:9464',
    ]) {
      assert.equal((await send(raw('/ops/leaks', [bearer()], 'GET', host))).status, 200, host);
    }
  });

  test('sends other hosts away before it looks at the token', async () => {
    const hosts = [
      'evil.example',
      '127.0.0.1.nip.io',
      'localhost.evil.example',
      'localhost.',
      '0.0.0.0',
      '127.0.0.2',
      '::1',
      'localhost:80:80',
      'user@localhost',
      'localhost, evil',
    ];
    for (const host of hosts) {
      for (const headers of [[], [bearer()]]) {
        const answer = await send(raw('/ops/leaks', headers, 'GET', host));
        assert.equal(answer.status, 421, host);
        assert.equal(JSON.parse(answer.body).code, 'LEAKWATCH_ERR_MISDIRECTED');
      }
    }
  });

  test('refuses a request whose Host is missing, empty or given twice', async () => {
    const requests = [
      raw('/ops/leaks', [bearer()], 'GET', null),
      raw('/ops/leaks', [bearer()], 'GET', ''),
      raw('/ops/leaks', [bearer(), 'Host: localhost']),
      raw('/ops/leaks', [bearer(), 'host: evil.example']),
      `GET /ops/leaks HTTP/1.0\r\n${bearer()}\r\n\r\n`,
    ];
    for (const request of requests) {
      const answer = await send(request);
      assert.equal(answer.status, 400, request);
      assert.equal(JSON.parse(answer.body).code, 'LEAKWATCH_ERR_BAD_REQUEST');
    }
  });

  test('answers CONNECT as any other wrong method and closes', async () => {
    const expected = await send(raw('/ops/leaks'));
    const stranger = await send(raw('localhost:80', [], 'CONNECT'));
    assert.equal(stranger.status, 401);
    assert.equal(stranger.body, expected.body);
    const known = await send(raw('localhost:80', [bearer()], 'CONNECT'));
    assert.equal(known.status, 405);
    assert.equal(known.headers.get('allow'), 'GET, HEAD');
  });

  test('refuses headers beyond 16 KiB, such as a token of 64 KiB', async () => {
    const answer = await send(raw('/ops/leaks', [bearer('a'.repeat(64 * 1024))]));
    assert.equal(answer.status, 431);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal((await send(raw('/ops/leaks', [bearer('a'.repeat(8 * 1024))]))).status, 401);
  });

  test('does not accept a token beyond ASCII, in the query, or in a cookie', async () => {
    const bytes = Buffer.from(
      raw('/ops/leaks', ['Authorization: Bearer \xe9\xff'.padEnd(60, '\xe9')]),
      'latin1',
    );
    assert.equal((await send(bytes)).status, 401);
    assert.equal(
      (await send(raw(`/ops/leaks?token=${TOKEN}&access_token=${TOKEN}`, [`Cookie: token=${TOKEN}`]))).status,
      401,
    );
  });

  test('answers what is no HTTP with 400 and closes', async () => {
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01\x00',
      'GET /ops/leaks\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `${raw('/').slice(0, -2)}bad header\r\n\r\n`,
    ]) {
      assert.equal((await send(bytes)).status, 400, bytes);
    }
    const smuggled = raw('/ops/leaks', [bearer(), 'Content-Length: 5', 'Transfer-Encoding: chunked'], 'POST');
    assert.equal((await send(smuggled)).status, 400);
  });

  test('answers a request with a body without waiting for it', async () => {
    const head = `POST /ops/leaks HTTP/1.1\r\nHost: localhost\r\n${bearer()}\r\nContent-Length: 1000000\r\n`;
    assert.equal((await send(`${head}\r\n`)).status, 405);
    const expecting = await send(`${head}Expect: 100-continue\r\n\r\n`);
    assert.equal(expecting.status, 405);
  });

  test('keeps the connection after a body that it has received, and ends it after any other', async () => {
    const post = (length: number) =>
      `POST /ops/probes/leak HTTP/1.1\r\nHost: localhost\r\n${bearer()}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n{"id":"lw-0"}`;
    const { bytes } = await send(post(13) + raw('/ops/status'));
    assert.deepEqual(bytes.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 404', 'HTTP/1.1 401']);
    const unread = await send(post(1_000_000));
    assert.equal(unread.status, 413);
    assert.equal(unread.headers.get('connection'), 'close');
  });

  test('answers pipelined requests in order', async () => {
    const keep = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${bearer()}\r\n\r\n`;
    const { bytes } = await send(keep('/ops/leaks') + keep('/ops/nothing') + raw('/ops/status'));
    assert.deepEqual(bytes.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 401']);
  });
});

test('metrics are open to anyone by option, and nothing else is', async () => {
  const place = await ownListener({ metricsAuth: 'none' });
  const status = async (...request: Parameters<typeof raw>) =>
    (await exchange(place.port, raw(...request))).status;
  assert.equal(await status('/metrics'), 200);
  assert.equal(await status('/ops/metrics'), 200);
  assert.equal(await status('/metrics', [], 'HEAD'), 200);
  assert.equal(await status('/metrics', [bearer('wrong')]), 200);
  assert.equal(await status('/metrics', ['Origin: http://evil.example']), 403);
  assert.equal(await status('/metrics', [], 'GET', 'evil.example'), 421);
  assert.equal(await status('/metrics', [], 'POST'), 401);
  assert.equal(await status('/metrics/'), 401);
  assert.equal(await status('/ops/leaks'), 401);
  assert.equal(await status('/ops/status'), 401);
  await place.close();
});

test('further host names are accepted by option', async () => {
  const listener = await open('127.0.0.1:0', ['Metrics.Internal']);
  const port = Number(new URL(listener.address).port);
  assert.equal(
    (await exchange(port, raw('/ops/leaks', [bearer()], 'GET', 'metrics.internal:80'))).status,
    200,
  );
  await listener.close();
});

test('the router is loaded by the first request, once, and again after a failure', async () => {
  let loads = 0;
  const logger = memoryLogger();
  const listener = await openListener({
    listen: parseListenAddress('127.0.0.1:0'),
    allowedHosts: [],
    tls: null,
    loadRouter: () => {
      loads += 1;
      if (loads === 1) throw new Error('out of memory');
      return createOpsRouter(dependencies());
    },
    limits: generousLimits(),
    logger,
  });
  const port = Number(new URL(listener.address).port);
  assert.equal(loads, 0);
  assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 500);
  assert.match(logger.lines[0] ?? '', /could not be loaded: out of memory/);
  assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
  assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
  assert.equal(loads, 2);
  await listener.close();
});

test('opening a listener loads no Express', async () => {
  const modules = ['http/listener', 'options/listen-address', 'access/authenticator'].map((name) =>
    JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href),
  );
  const program = `
    import { createRequire } from 'node:module';
    await Promise.all([${modules.join(', ')}].map((url) => import(url)));
    const loaded = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache);
    if (loaded.some((path) => path.includes('express'))) process.exit(3);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('neither the listener nor an open connection keeps the process alive', async () => {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { openListener } from ${url('../../src/http/listener.js')};
    import { Limits } from ${url('../../src/access/limits.js')};
    const logger = { warn() {}, info() {}, debug() {} };
    const loadRouter = () => () => {};
    const listener = await openListener({ listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, allowedHosts: [], tls: null, loadRouter, limits: new Limits(), logger });
    process.stdout.write(listener.address + '\\n');
    process.stdin.once('data', () => process.stdin.destroy());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const socket = connect(Number(new URL(line.toString().trim()).port), '127.0.0.1');
  socket.on('error', () => {});
  // Never answered: the connection is open and busy when the program has nothing else to do.
  socket.write(raw('/ops/leaks'));
  await once(socket, 'connect');
  const exited = once(child, 'exit');
  child.stdin.write('end\n');
  assert.deepEqual(await exited, [0, null]);
  socket.destroy();
});

test('closing ends idle and busy connections, can be repeated, and frees the port', async () => {
  const listener = await openListener({
    listen: parseListenAddress('127.0.0.1:0'),
    allowedHosts: [],
    tls: null,
    loadRouter: () => () => {},
    limits: generousLimits(),
    logger: memoryLogger(),
  });
  const port = Number(new URL(listener.address).port);
  const sockets = await Promise.all(
    ['', 'GET /half', raw('/ops/leaks')].map(async (bytes): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(bytes);
      return socket;
    }),
  );
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  await Promise.all([listener.close(), listener.close()]);
  await Promise.all(closed);
  const again = await open(`127.0.0.1:${port}`);
  await again.close();
});

test('a port in use is a start error that says what to do', async () => {
  const listener = await open('127.0.0.1:0');
  const { host } = new URL(listener.address);
  await assert.rejects(open(host), listenError(/EADDRINUSE.*choose another address, or port 0/));
  await listener.close();
});

test('an address that this machine does not have is a start error', async () => {
  await assert.rejects(open('192.0.2.1:0'), listenError(/EADDRNOTAVAIL.*no such address/));
  await assert.rejects(open('no-such-host.invalid:0'), listenError(/(ENOTFOUND|EAI_AGAIN).*use an address/));
});

test('an IPv6 listener names itself in brackets', async (context) => {
  const listener = await open('[::1]:0').catch(() => null);
  if (listener === null) return context.skip('this machine has no IPv6 loopback');
  assert.match(listener.address, /^http:\/\/\[::1\]:\d+$/);
  await listener.close();
});

describe('a listener on a Unix socket', { skip: process.platform === 'win32' }, () => {
  let directory: string;
  let path: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lw-'));
    path = join(directory, 'ops.sock');
  });
  after(() => rmSync(directory, { recursive: true }));

  test("is its owner's alone, takes any Host, and is gone after closing", async () => {
    const umask = process.umask(0);
    const listener = await open(`unix:${path}`);
    process.umask(umask);
    assert.equal(listener.address, `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(
      (await exchange(path, raw('/ops/leaks', [bearer()], 'GET', 'anything.example'))).status,
      200,
    );
    assert.equal((await exchange(path, raw('/ops/leaks', [bearer()], 'GET', null))).status, 200);
    assert.equal((await exchange(path, raw('/ops/leaks', [bearer(), 'Host: localhost']))).status, 400);
    assert.equal((await exchange(path, raw('/ops/leaks'))).status, 401);
    await listener.close();
    assert.equal(existsSync(path), false);
  });

  test('takes the place of a socket whose process was killed', async () => {
    const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await assert.rejects(open(`unix:${path}`), listenError(/Another process listens/));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(existsSync(path), true);
    const listener = await open(`unix:${path}`);
    assert.equal((await exchange(path, raw('/ops/leaks'))).status, 401);
    await listener.close();
  });

  test('touches no other file at its path, nor what a link there leads to', async () => {
    const file = join(directory, 'precious');
    writeFileSync(file, 'data');
    await assert.rejects(open(`unix:${file}`), listenError(/exists and is not a socket/));
    const link = join(directory, 'link');
    symlinkSync(file, link);
    await assert.rejects(open(`unix:${link}`), listenError(/exists and is not a socket/));
    assert.equal(statSync(file).size, 4);
  });

  test('needs a directory that is there and may be written to', async () => {
    await assert.rejects(
      open(`unix:${join(directory, 'missing', 'ops.sock')}`),
      listenError(/The directory does not exist|lacks the permission/),
    );
    const server = createServer();
    chmodSync(directory, 0o500);
    try {
      if (process.getuid?.() !== 0)
        await assert.rejects(open(`unix:${path}`), listenError(/EACCES.*directory it may write to/));
    } finally {
      chmodSync(directory, 0o700);
      server.close();
    }
  });
});
