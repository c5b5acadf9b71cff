import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeakwatchError } from '../../src/errors.js';
import { isLoopback, parseListenAddress } from '../../src/options/listen-address.js';

test('hosts with a port, IPv6 in brackets and socket paths are read', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:9464'), { kind: 'tcp', host: '127.0.0.1', port: 9464 });
  assert.deepEqual(parseListenAddress('127.0.0.1:0'), { kind: 'tcp', host: '127.0.0.1', port: 0 });
  assert.deepEqual(parseListenAddress('LocalHost:65535'), { kind: 'tcp', host: 'localhost', port: 65_535 });
  assert.deepEqual(parseListenAddress('[::1]:9464'), { kind: 'tcp', host: '::1', port: 9464 });
  assert.deepEqual(parseListenAddress('my_pod-1.ns.svc:80'), {
    kind: 'tcp',
    host: 'my_pod-1.ns.svc',
    port: 80,
  });
  assert.deepEqual(parseListenAddress('unix:/run/app/ops.sock'), { kind: 'unix', path: '/run/app/ops.sock' });
});

test('what cannot be listened on is refused with the form that can', () => {
  const cases: [string, RegExp][] = [
    ['', /is not of the form/],
    ['9464', /'127\.0\.0\.1:9464' listens on this machine only/],
    [':9464', /'127\.0\.0\.1:9464' listens on this machine only/],
    ['*:9464', /'0\.0\.0\.0:9464' listens on every address/],
    ['localhost', /is not of the form/],
    ['localhost:', /needs a port from 0/],
    ['localhost:65536', /needs a port/],
    ['localhost:-1', /needs a port/],
    ['localhost:1e3', /needs a port/],
    ['localhost: 80', /needs a port/],
    ['localhost:0x50', /needs a port/],
    ['::1', /needs brackets and a port, such as '\[::1\]:9464'/],
    ['::1:9464', /needs brackets/],
    ['[localhost]:80', /something other than an IPv6 address/],
    ['[]:80', /something other than an IPv6 address/],
    ['http://127.0.0.1:80', /remove the scheme/],
    ['a b:80', /is not of the form/],
    ['-x:80', /is not of the form/],
    ['évil:80', /is not of the form/],
    ['user@host:80', /is not of the form/],
    ['unix:', /absolute path/],
    ['unix:ops.sock', /absolute path/],
    ['unix:/run/', /names a directory/],
    ['unix:/run/a\0b', /NUL/],
    [`unix:/${'x'.repeat(103)}`, /has a path of 104 bytes; the system allows 103 at most/],
    ['\x1b[31m:80', /is not of the form/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseListenAddress(text),
      (error: unknown) => {
        assert.ok(error instanceof LeakwatchError, text);
        assert.equal(error.code, 'LEAKWATCH_ERR_INVALID_OPTION');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return true;
      },
    );
  }
});

test('only addresses that never leave the machine count as loopback', () => {
  for (const host of [
    '127.0.0.1',
    '127.8.9.10',
    'localhost',
    'LOCALHOST',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ]) {
    assert.equal(isLoopback(host), true, host);
  }
  const remote = [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.1',
    '127.0.0.1.nip.io',
    'localhost.example',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '0',
    '',
    '::2',
  ];
  for (const host of remote) assert.equal(isLoopback(host), false, host);
});
