import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { issueToken } from '../../src/options/tokens.js';
import { Authority, type KeyPair, withoutOpenssl } from '../support/certificates.js';
import { type EndedCommand, runCommand } from './ops-run.js';
import { SnapshotFolder } from './snapshot-folder.js';

const skip = withoutOpenssl();
const folder = new SnapshotFolder();
const ENVIRONMENT = { LEAKWATCH_TOKEN: issueToken() };

/** What `leakwatch leaks` says to a service with this certificate, which names the client's certificate in its answer. */
async function asked(
  { key, cert }: KeyPair,
  args: readonly string[],
  options: ServerOptions = {},
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
  status = 200,
): Promise<EndedCommand> {
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert), ...options });
  server.on('request', ({ socket, headers }, response) => {
    const subject = (socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody';
    response
      .writeHead(status)
      .end(`report for ${subject}, ${headers.authorization === undefined ? 'without' : 'with'} a token\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return await runCommand(['leaks', url, ...args], environment);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('A client of a service with TLS', { skip }, () => {
  const authority = skip === false ? new Authority(folder.path, 'authority') : null!;
  const service = skip === false ? authority.issue('/CN=service', 'IP:127.0.0.1') : null!;
  const client = skip === false ? authority.issue('/CN=ada', 'DNS:ada') : null!;
  const mutual = (): ServerOptions => ({
    ca: readFileSync(authority.cert),
    requestCert: true,
    rejectUnauthorized: true,
  });

  it('checks its certificate against --ca', async () => {
    const { code, stdout } = await asked(service, ['--ca', authority.cert]);
    assert.deepEqual([code, stdout], [EXIT_CODES.clean, 'report for nobody, with a token\n']);
  });

  it('sends nothing to a service whose authority it does not know', async () => {
    const { code, stdout, stderr } = await asked(service, []);
    assert.deepEqual([code, stdout], [EXIT_CODES.failed, '']);
    assert.match(stderr, /an authority that this machine does not know; name the authority with --ca FILE/);
  });

  it('sends nothing to a service with the certificate of another name', async () => {
    const other = authority.issue('/CN=service', 'DNS:example.com');
    const { code, stderr } = await asked(other, ['--ca', authority.cert]);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /its certificate is for another name/);
  });

  it('proves who it is by --cert and --key, and then needs no token', async () => {
    const args = ['--ca', authority.cert, '--cert', client.cert, '--key', client.key];
    const { code, stdout, stderr } = await asked(service, args, mutual(), {});
    assert.deepEqual([code, stdout, stderr], [EXIT_CODES.clean, 'report for ada, without a token\n', '']);
  });

  it('does not use a key that others can read', async () => {
    const key = folder.write('open.pem', readFileSync(client.key, 'utf8'));
    chmodSync(key, 0o644);
    const { code, stderr } = await asked(service, ['--cert', client.cert, '--key', key], mutual());
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /the key of --key has mode 0644 and can be read by others\. Give it mode 0400/);
  });

  it('says that the certificate is not enough, where no token was sent', async () => {
    const args = ['--ca', authority.cert, '--cert', client.cert, '--key', client.key];
    const { code, stderr } = await asked(service, args, mutual(), {}, 401);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /the certificate alone gives no access, and no token was sent \(401\)/);
  });

  it('says that the service wants a certificate', async () => {
    const { code, stderr } = await asked(service, ['--ca', authority.cert], mutual());
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /name one with --cert FILE and --key FILE/);
  });

  it('says which file cannot be read, and that a certificate needs its key', async () => {
    const missing = await asked(service, ['--ca', '/nowhere']);
    assert.match(missing.stderr, /\/nowhere: cannot be read \(ENOENT\)/);
    const half = await asked(service, ['--cert', client.cert]);
    assert.match(half.stderr, /--cert and --key are given together/);
  });
});
