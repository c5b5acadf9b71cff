import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Authenticator } from '../../src/access/authenticator.js';
import { CertificateClients, certificateOf } from '../../src/access/client-certificate.js';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { type ErrorCode, LeakwatchError } from '../../src/errors.js';
import { MAX_CONNECTIONS } from '../../src/http/connections.js';
import { type Listener, openListener } from '../../src/http/listener.js';
import { createOpsRouter } from '../../src/http/ops-router.js';
import { createTlsServer } from '../../src/http/tls-server.js';
import type { TlsOptions } from '../../src/options/credential-options.js';
import { parseListenAddress } from '../../src/options/listen-address.js';
import type { Options } from '../../src/options/options.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { tlsOf } from '../../src/options/tls.js';
import { Authority, withoutOpenssl } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  bearer,
  checkResponse,
  dependencies,
  generousLimits,
  memoryLogger,
  parseResponse,
  raw,
  TOKEN,
} from './ops-fixture.js';

const skip = withoutOpenssl();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-tls-'));
after(() => rmSync(folder, { recursive: true }));

/** Opens a listener with TLS, sends each request over its own connection, and closes it. */
async function using(
  tls: TlsOptions,
  work: (port: number, listener: Listener) => Promise<void>,
): Promise<void> {
  const settings = tlsOf(tls)!;
  const listener = await openListener({
    listen: parseListenAddress('127.0.0.1:0'),
    allowedHosts: [],
    tls: settings,
    limits: generousLimits(),
    loadRouter: (own) =>
      createOpsRouter(
        dependencies({
          own,
          authenticator: new Authenticator(
            new TokenStore([grantOf(TOKEN)], memoryLogger()),
            [],
            settings.clients.length === 0 ? null : new CertificateClients(settings.clients),
          ),
        }),
      ),
    logger: memoryLogger(),
  });
  try {
    await work(Number(new URL(listener.address).port), listener);
  } finally {
    await listener.close();
  }
}

interface Received {
  readonly status: number;
  readonly text: string;
  readonly protocol: string | null;
  readonly serial: string;
  readonly resumed: boolean;
}

/** Rejects if the connection is refused, during the handshake or after it. */
function send(port: number, bytes: string, options: ConnectionOptions = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
    let text = '';
    let [protocol, serial, resumed]: [string | null, string, boolean] = [null, '', false];
    socket.on('secureConnect', () => {
      protocol = socket.getProtocol();
      resumed = socket.isSessionReused();
      serial = socket.getPeerCertificate().serialNumber;
      socket.write(bytes);
    });
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (text === '') reject(new Error('closed without a response'));
      else {
        checkResponse(bytes, parseResponse([Buffer.from(text)]));
        resolve({
          status: Number(text.split(' ')[1]),
          text,
          protocol,
          serial,
          resumed,
        });
      }
    });
  });
}

describe('A listener with TLS', { skip }, () => {
  const authority = new Authority(folder, 'authority');
  const stranger = new Authority(folder, 'stranger');
  const server = authority.issue('/CN=localhost', 'DNS:localhost,IP:127.0.0.1');
  const ca = readFileSync(authority.cert);
  const ops = authority.issue('/O=Example/CN=ops', 'DNS:ops.internal,URI:spiffe://example/ops');
  const of = ({ key, cert }: { key: string; cert: string }) => ({
    ca,
    key: readFileSync(key),
    cert: readFileSync(cert),
  });

  it('neither connections without a handshake nor thousands of pipelined requests keep a valid token out', async () => {
    await using(server, async (port) => {
      const silent = Array.from({ length: 2 * MAX_CONNECTIONS }, () => connectPlain(port, '127.0.0.1'));
      let closed = 0;
      for (const socket of silent) socket.on('error', () => {}).on('close', () => closed++);
      await eventually('connections beyond the limit are closed', () => closed >= MAX_CONNECTIONS);
      assert.equal((await send(port, raw('/ops/leaks', [bearer()]), { ca })).status, 200);
      const request = raw('/').replace('Connection: close\r\n', '');
      const flooded = send(port, request.repeat(5_000), { ca }).catch(() => null);
      assert.equal((await send(port, raw('/ops/leaks', [bearer()]), { ca })).status, 200);
      const answers = (await flooded)?.text.match(/HTTP\/1\.1 401/g)?.length ?? 0;
      assert.ok(answers <= 20, `${answers} answers`);
      for (const socket of silent) socket.destroy();
    });
  });

  it('serves as it does without, and calls itself https', async () => {
    await using(server, async (port, listener) => {
      assert.equal(listener.address, `https://127.0.0.1:${port}`);
      assert.equal((await send(port, raw('/ops/leaks', [bearer()]), { ca })).status, 200);
      assert.equal((await send(port, raw('/metrics', [bearer()]), { ca })).status, 200);
      assert.equal((await send(port, raw('/ops/leaks'), { ca })).status, 401);
      assert.equal(
        (await send(port, raw('/ops/leaks', [bearer()], 'GET', 'evil.example'), { ca })).status,
        421,
      );
      assert.equal((await send(port, 'words\r\n\r\n', { ca })).status, 400);
    });
  });

  it('takes key and certificate as text as well', async () => {
    const text = { key: readFileSync(server.key, 'utf8'), cert: readFileSync(server.cert, 'utf8') };
    await using(text, async (port) => {
      assert.equal((await send(port, raw('/ops/leaks', [bearer()]), { ca })).status, 200);
    });
  });

  it('speaks TLS 1.2 and 1.3, nothing older, and no plain HTTP', async () => {
    await using(server, async (port) => {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const pinned = { ca, minVersion: version, maxVersion: version };
        assert.equal((await send(port, raw('/ops/leaks'), pinned)).protocol, version);
      }
      const old: ConnectionOptions = {
        ca,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      };
      await assert.rejects(send(port, raw('/ops/leaks'), old));
      const socket = connectPlain(port, '127.0.0.1');
      let received = '';
      socket.setEncoding('latin1').on('data', (part: string) => {
        received += part;
      });
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      socket.write(raw('/ops/leaks', [bearer()]));
      await closed;
      assert.doesNotMatch(received, /HTTP/);
    });
  });

  it('admits a page of its own origin by https only', async () => {
    await using(server, async (port) => {
      const from = async (origin: string) =>
        (
          await send(port, raw('/ops/leaks', [bearer(), `Origin: ${origin}`], 'GET', `localhost:${port}`), {
            ca,
          })
        ).status;
      assert.equal(await from(`https://localhost:${port}`), 200);
      assert.equal(await from(`http://localhost:${port}`), 403);
      assert.equal(await from('https://localhost'), 403);
    });
  });

  it('refuses the connection of a client without a certificate, or with one of another authority', async () => {
    await using({ ...server, ca: authority.cert, requestCert: true }, async (port) => {
      await assert.rejects(send(port, raw('/ops/leaks', [bearer()]), { ca }));
      const forged = stranger.issue('/O=Example/CN=ops', 'URI:spiffe://example/ops');
      await assert.rejects(send(port, raw('/ops/leaks', [bearer()]), { ...of(forged), ca }));
      assert.equal((await send(port, raw('/ops/leaks', [bearer()]), of(ops))).status, 200);
      assert.equal((await send(port, raw('/ops/leaks'), of(ops))).status, 401, 'a token is still needed');
    });
  });

  it('knows clients by the subject or an alternative name of their certificate', async () => {
    const clients = [
      { subject: 'O=Example,CN=ops', scopes: ['read'] },
      { san: 'DNS:scraper.internal', scopes: ['metrics'] },
    ] as const;
    await using({ ...server, ca: authority.cert, clients }, async (port) => {
      const statuses = async (identity: { key: string; cert: string }) => [
        (await send(port, raw('/ops/leaks'), of(identity))).status,
        (await send(port, raw('/metrics'), of(identity))).status,
      ];
      assert.deepEqual(await statuses(ops), [200, 403]);
      assert.deepEqual(await statuses(authority.issue('/CN=scraper', 'DNS:scraper.internal')), [403, 200]);
      for (const [subject, names] of [
        ['/CN=ops', 'DNS:x'],
        ['/O=Example/CN=ops2', 'DNS:x'],
        ['/CN=ops/O=Example', 'DNS:x'],
        ['/CN=O=Example,CN=ops', 'DNS:x'],
        ['/CN=x', 'DNS:a.scraper.internal'],
        ['/CN=x', 'URI:DNS:scraper.internal'],
        ['/CN=DNS:scraper.internal', 'DNS:x'],
      ] as const) {
        assert.deepEqual(await statuses(authority.issue(subject, names)), [401, 401], `${subject} ${names}`);
      }
      const wrong = await send(port, raw('/ops/leaks', [bearer('x'.repeat(43))]), of(ops));
      assert.equal(wrong.status, 401, 'a wrong token is not made up for by a certificate');
      assert.equal(
        (await send(port, raw('/metrics', [bearer()]), of(ops))).status,
        200,
        'a right one counts',
      );
    });
  });

  it('does not take one alternative name with a comma for two', async () => {
    const clients = [{ san: 'DNS:scraper.internal', scopes: ['read'] }] as const;
    // A configuration file, since the command line has no way to write the comma.
    const sly = authority.issue('/CN=x', '@names\n[names]\nURI.1=http://x/\\, DNS:scraper.internal\\, y');
    const { subjectAltName } = new X509Certificate(readFileSync(sly.cert));
    assert.match(subjectAltName ?? '', / DNS:scraper\.internal/);
    await using({ ...server, ca: authority.cert, clients }, async (port) => {
      assert.equal((await send(port, raw('/ops/leaks'), of(sly))).status, 401);
    });
  });

  it('closes a connection whose handshake does not end', { timeout: 30_000 }, async () => {
    await using(server, async (port) => {
      const socket = connectPlain(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'close');
    });
  });

  it('presents a renewed certificate to new connections, and keeps the old one if the new one is broken', async (context) => {
    const clock = new ManualClock();
    const logger = memoryLogger();
    const current = { key: join(folder, 'current.key'), cert: join(folder, 'current.pem') };
    const put = (pair: { key: string; cert: string }) => {
      for (const part of ['key', 'cert'] as const) {
        copyFileSync(pair[part], `${current[part]}.next`);
        chmodSync(`${current[part]}.next`, 0o600);
        renameSync(`${current[part]}.next`, current[part]);
      }
    };
    put(server);
    const { server: https, certificates } = createTlsServer(tlsOf(current)!, {}, logger, clock);
    context.after(() => {
      certificates.stop();
      https.close();
      https.closeAllConnections();
    });
    https.on('request', (_request, response) => response.end('x'));
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const { port } = https.address() as { port: number };
    const serial = async () => {
      clock.advance(10_000);
      return (await send(port, raw('/'), { ca })).serial;
    };
    certificates.start();
    const before = await serial();
    const renewed = authority.issue('/CN=localhost', 'DNS:localhost');
    put({ key: renewed.key, cert: server.cert });
    await eventually('the broken pair is noticed', () => {
      clock.advance(10_000);
      return logger.lines.length > 0;
    });
    assert.match(logger.lines[0]!, /keeps its certificate, .*key must belong to the certificate/);
    assert.equal(await serial(), before);
    put(renewed);
    await eventually('the new certificate is presented', async () => (await serial()) !== before);
    assert.equal(logger.lines.length, 1);
  });

  it('knows a client that resumes its session, and not after its authority was replaced', async (context) => {
    const clock = new ManualClock();
    const logger = memoryLogger();
    const trusted = join(folder, 'trusted.pem');
    copyFileSync(authority.cert, trusted);
    const settings = tlsOf({ ...server, ca: trusted, requestCert: true })!;
    const { server: https, certificates } = createTlsServer(settings, {}, logger, clock);
    context.after(() => {
      certificates.stop();
      https.close();
      https.closeAllConnections();
    });
    https.on('request', (request, response) => response.end(certificateOf(request)?.subject));
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const { port } = https.address() as { port: number };
    certificates.start();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const identity = { ...of(ops), maxVersion };
      const first = connect({ port, host: '127.0.0.1', servername: 'localhost', ...identity });
      const ticket = once(first, 'session');
      first.resume().write(raw('/'));
      const [session] = (await ticket) as [Buffer];
      first.destroy();
      const resumed = await send(port, raw('/'), { ...identity, session });
      assert.equal(resumed.resumed, true);
      assert.match(resumed.text, /O=Example,CN=ops$/);
      copyFileSync(stranger.cert, trusted);
      await eventually('clients of the old authority are refused', async () => {
        clock.advance(10_000);
        const answer = await send(port, raw('/'), { ...identity, session }).catch(() => null);
        return answer === null;
      });
      copyFileSync(authority.cert, trusted);
      await eventually('clients of the authority are known again', async () => {
        clock.advance(10_000);
        return (await send(port, raw('/'), identity).catch(() => null)) !== null;
      });
    }
  });

  it('leaves no private key in a heap snapshot', { timeout: 60_000 }, async () => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const snapshot = join(folder, 'server.heapsnapshot');
    const program = `
      import { writeHeapSnapshot } from 'node:v8';
      import { openListener } from ${url('../../src/http/listener.js')};
      import { Limits } from ${url('../../src/access/limits.js')};
      import { tlsOf } from ${url('../../src/options/tls.js')};
      const logger = { warn() {}, info() {}, debug() {} };
      globalThis.kept = await openListener({
        listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, allowedHosts: [], tls: tlsOf(${JSON.stringify(server)}),
        loadRouter: () => () => {}, limits: new Limits(), logger });
      globalThis.marker = ['a string', 'in the', 'heap'].join(' ');
      writeHeapSnapshot(${JSON.stringify(snapshot)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    const text = readFileSync(snapshot, 'latin1');
    assert.ok(text.includes('a string in the heap'));
    const [, first = ''] = readFileSync(server.key, 'utf8').split('\n');
    assert.ok(first.length > 40);
    assert.ok(!text.includes(first.slice(0, 40)) && !text.includes('BEGIN PRIVATE KEY'));
  });

  it('does not keep the process alive, nor does an open connection', async () => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const program = `
      import { openListener } from ${url('../../src/http/listener.js')};
      import { Limits } from ${url('../../src/access/limits.js')};
      import { tlsOf } from ${url('../../src/options/tls.js')};
      const logger = { warn() {}, info() {}, debug() {} };
      const listener = await openListener({
        listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, allowedHosts: [], tls: tlsOf(${JSON.stringify(server)}),
        loadRouter: () => () => {}, limits: new Limits(), logger });
      process.stdout.write(listener.address + '\\n');
      process.stdin.once('data', () => process.stdin.destroy());`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const socket = connect({
      port: Number(new URL(line.toString().trim()).port),
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
    });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    // Never answered: the connection is open and busy when the program has nothing else to do.
    socket.write(raw('/ops/leaks'));
    const exited = once(child, 'exit');
    child.stdin.write('end\n');
    assert.deepEqual(await exited, [0, null]);
    socket.destroy();
  });

  describe('is refused at start', () => {
    const refused = (options: unknown, code: ErrorCode, words: RegExp) =>
      assert.throws(
        () => resolveOptions(options as Options),
        (error) => error instanceof LeakwatchError && error.code === code && words.test(error.message),
      );
    const listen = '127.0.0.1:0';
    const invalid = (tls: unknown, words: RegExp) =>
      refused({ listen, tls }, 'LEAKWATCH_ERR_INVALID_OPTION', words);

    it('without a key that belongs to the certificate', () => {
      invalid({ cert: server.cert }, /needs both key and cert/);
      invalid({ key: server.key, cert: ops.cert }, /key must belong to the certificate/);
      invalid({ key: server.key, cert: server.key }, /cannot be used/);
      invalid({ key: join(folder, 'missing'), cert: server.cert }, /tls\.key cannot be read \(ENOENT\)/);
      invalid({ key: server.key, cert: folder }, /tls\.cert cannot be read \(EISDIR\)/);
      refused({ listen, tls: { ...server, keys: 'x' } }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /'key'/);
      invalid('x', /object/);
    });

    it('with a key that others can read', { skip: process.platform === 'win32' }, () => {
      const key = join(folder, 'open.key');
      copyFileSync(server.key, key);
      chmodSync(key, 0o644);
      invalid({ key, cert: server.cert }, /tls\.key has mode 0644/);
    });

    it('if clients are to be known without an authority, or in no way that a certificate has', () => {
      const clients = [{ subject: 'CN=x', scopes: ['read'] }];
      invalid({ ...server, clients }, /need tls\.ca/);
      invalid({ ...server, requestCert: true }, /need tls\.ca/);
      for (const wrong of [
        {},
        [{}],
        [{ subject: 'CN=x' }],
        [{ subject: 'CN=x', scopes: ['root'] }],
        [{ subject: 'CN=x', san: 'DNS:x', scopes: ['read'] }],
        [{ subject: '', scopes: ['read'] }],
        [{ subject: 'CN=x', scopes: ['read'], id: 'x' }],
      ]) {
        invalid({ ...server, ca: authority.cert, clients: wrong }, /tls\.clients takes/);
      }
    });

    it('where clients are known by certificates that are not asked for', () => {
      const clients = [{ subject: 'CN=x', scopes: ['read' as const] }];
      const tls = { ...server, ca: authority.cert, clients };
      refused(
        { listen: '127.0.0.1:0', tls: { ...tls, requestCert: false } },
        'LEAKWATCH_ERR_OPTION_CONFLICT',
        /Leave out one/,
      );
      assert.equal(resolveOptions({ listen: '127.0.0.1:0', tls }).tls?.requestCert, true);
    });

    it('where there is no listener with a port', () => {
      refused({ tls: server }, 'LEAKWATCH_ERR_OPTION_CONFLICT', /Set listen/);
      refused({ tls: server, listen: 'unix:/x/ops.sock' }, 'LEAKWATCH_ERR_OPTION_CONFLICT', /Set listen/);
    });
  });

  it('may be reached by other hosts without an acknowledgement', () => {
    assert.ok(resolveOptions({ listen: '0.0.0.0:9464', token: TOKEN, tls: server }).tls);
    assert.throws(
      () => resolveOptions({ listen: '0.0.0.0:9464', tls: server, metricsAuth: 'none' }),
      (error) => error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_OPTION_CONFLICT',
    );
  });
});
