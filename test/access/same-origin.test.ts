import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFromAnotherSite } from '../../src/access/same-origin.js';
import { requestWith } from './access-fixture.js';

function refused(headers: readonly string[], socket: object = {}): boolean {
  const rawHeaders = headers.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return isFromAnotherSite(requestWith({ rawHeaders, socket }));
}

const HOST = 'Host: localhost:9464';
const ENCRYPTED = { encrypted: true };

describe('A request of a page', () => {
  it('is admitted from the address that it is sent to, and only from there', () => {
    assert.equal(refused([HOST, 'Origin: http://localhost:9464']), false);
    assert.equal(refused([HOST, 'Origin: http://localhost:9464', 'Sec-Fetch-Site: same-origin']), false);
    assert.equal(refused([HOST, 'Sec-Fetch-Site: same-origin']), false);
    assert.equal(refused([HOST, 'Origin: https://localhost:9464'], ENCRYPTED), false);
    assert.equal(refused(['Host: ops.example', 'Origin: https://ops.example'], ENCRYPTED), false);
    assert.equal(refused(['Host: [::1]:9464', 'Origin: http://[::1]:9464']), false);
  });

  for (const origin of [
    'http://evil.example',
    'null',
    '',
    'http://localhost',
    'http://localhost:9465',
    'http://localhost:94640',
    'https://localhost:9464',
    'http://127.0.0.1:9464',
    'http://a.localhost:9464',
    'http://localhost:9464.evil.example',
    'http://localhost:9464/',
    'http://localhost:9464@evil.example',
    'http://user@localhost:9464',
    'HTTP://localhost:9464',
    'http://LOCALHOST:9464',
    'http://localhost:9464 http://evil.example',
    'http://localhost:9464, http://localhost:9464',
    'localhost:9464',
    '//localhost:9464',
    'file://',
    'chrome-extension://abcdefghijklmnop',
  ]) {
    it(`is refused from '${origin}'`, () => {
      assert.equal(refused([HOST, `Origin: ${origin}`]), true);
      assert.equal(refused([HOST, `Origin: ${origin}`, 'Sec-Fetch-Site: same-origin']), true);
    });
  }

  it('is refused if the scheme is another than that of the connection', () => {
    assert.equal(refused([HOST, 'Origin: http://localhost:9464'], ENCRYPTED), true);
  });

  it('is refused with two Origins, two Hosts, or without a Host', () => {
    const own = 'Origin: http://localhost:9464';
    assert.equal(refused([HOST, own, own]), true);
    assert.equal(refused([HOST, own, 'origin: http://evil.example']), true);
    assert.equal(refused([HOST, HOST, own]), true);
    assert.equal(refused([own]), true);
  });

  it('is refused if the browser calls it another site, whatever its Origin', () => {
    const own = 'Origin: http://localhost:9464';
    for (const site of ['cross-site', 'same-site', 'Same-Origin', 'SAME-ORIGIN', '', 'same-origin, none']) {
      assert.equal(refused([HOST, `Sec-Fetch-Site: ${site}`]), true, site);
      assert.equal(refused([HOST, own, `Sec-Fetch-Site: ${site}`]), true, site);
    }
    assert.equal(refused([HOST, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: same-origin']), true);
    // No page is behind an address that was typed in, so nothing has an Origin then.
    assert.equal(refused([HOST, own, 'Sec-Fetch-Site: none']), true);
  });

  it('does not become ours by what a proxy, or anyone, says of it', () => {
    const forwarded = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: app.example', 'Forwarded: proto=https'];
    assert.equal(refused(['Host: app.example', 'Origin: https://app.example', ...forwarded]), true);
    assert.equal(refused([HOST, 'Origin: https://app.example', ...forwarded]), true);
  });

  it('is refused on a Unix socket, where the Host header is not checked', () => {
    assert.equal(refused([HOST, 'Origin: http://localhost:9464'], { remoteAddress: undefined }), true);
  });
});

it('A program, and an address typed into a browser, send no Origin', () => {
  assert.equal(refused([HOST]), false);
  assert.equal(refused([HOST, 'Sec-Fetch-Site: none']), false);
});
