import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import express from 'express';
import { createOpsRouter } from '../../src/http/ops-router.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { issueToken } from '../../src/options/tokens.js';
import {
  ADMIN_TOKEN,
  ALL_BUT,
  bearer,
  dependencies,
  exchange,
  ONLY,
  ownListener,
  PLACES,
  type RawResponse,
  raw,
  TOKEN,
  transfer,
  using,
} from './ops-fixture.js';
import { everyRoute, pathOf, REACHED, requestTo } from './route-fakes.js';

/** From Node 22.23 on, Node refuses a request whose headers it would not keep all. */
const TOO_MANY: readonly number[] = [400, 431];
const bytesOf = (response: RawResponse) => response.head + response.body;

/** The same token but for one bit of one of its letters. */
function oneBitOff(token: string): string {
  const at = token.length - 5;
  const other = String.fromCharCode(token.charCodeAt(at) ^ 1);
  return token.slice(0, at) + other + token.slice(at + 1);
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    test('no token gets 401, with the same bytes for every path and method, whether it exists or not', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        const expected = await exchange(port, raw('/ops/leaks'));
        assert.equal(expected.status, 401);
        assert.equal(expected.headers.get('www-authenticate'), 'Bearer realm="leakwatch"');
        const requests = ROUTE_NAMES.map((route) => raw(pathOf(route), [], routeOf(route).method));
        for (const path of [
          '/ops',
          '/ops/',
          '/ops/nothing',
          '/ops/%ff',
          '/ops/heapdump',
          '/ops/leaks?token=x',
        ])
          for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])
            requests.push(raw(path, [], method));
        for (const request of requests)
          assert.equal(bytesOf(await exchange(port, request)), bytesOf(expected), request);
        assert.deepEqual(calls, []);
      });
    });

    test('a wrong, shortened, extended, one-bit-off or non-ASCII token gets the same 401', async () => {
      await using(open(), async (port) => {
        const expected = await exchange(port, raw('/ops/leaks'));
        const tokens = [
          issueToken(),
          TOKEN.slice(0, -1),
          `${TOKEN}x`,
          `${TOKEN} `.repeat(2).trim(),
          oneBitOff(TOKEN),
          TOKEN.toUpperCase(),
          `"${TOKEN}"`,
          'undefined',
          'null',
          'é'.repeat(43),
          '\x80\xff'.repeat(20),
        ];
        for (const token of tokens) {
          const response = await exchange(port, Buffer.from(raw('/ops/leaks', [bearer(token)]), 'latin1'));
          assert.equal(bytesOf(response), bytesOf(expected), token);
        }
        for (const header of [
          'Authorization:',
          'Authorization: Bearer',
          `Authorization: ${TOKEN}`,
          `Authorization: Basic ${TOKEN}`,
          `Authorization: Bearer: ${TOKEN}`,
          `Proxy-Authorization: Bearer ${TOKEN}`,
          `X-Authorization: Bearer ${TOKEN}`,
        ])
          assert.equal(bytesOf(await exchange(port, raw('/ops/leaks', [header]))), bytesOf(expected), header);
      });
    });

    test('a token of 64 KiB gets 431, and a valid token is served after it', async () => {
      await using(open(), async (port) => {
        // In the host's app it is Node that refuses it, before the app is asked.
        const { status } = await transfer(port, raw('/ops/leaks', [bearer('a'.repeat(64 * 1024))]));
        assert.equal(status, 431);
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer('a'.repeat(8_000))]))).status, 401);
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
      });
    });

    test('a token in the query, a cookie, the path or the body gets 401', async () => {
      await using(open(), async (port) => {
        const requests = [
          ...['token', 'access_token', 'authorization', 'bearer', 'key'].map((field) =>
            raw(`/ops/leaks?${field}=${TOKEN}`),
          ),
          raw('/ops/leaks', [`Cookie: token=${TOKEN}; access_token=${TOKEN}; Authorization=Bearer ${TOKEN}`]),
          raw(`/ops/${TOKEN}/leaks`),
          `${raw('/ops/leaks', ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${TOKEN.length + 13}`], 'POST')}access_token=${TOKEN}`,
        ];
        for (const request of requests) assert.equal((await exchange(port, request)).status, 401, request);
      });
    });

    test('two Authorization headers get 400, in any order, and also if both are right', async () => {
      await using(open(), async (port) => {
        for (const headers of [
          [bearer(), bearer()],
          [bearer(), bearer(issueToken())],
          [bearer(issueToken()), bearer()],
          [bearer(), 'AUTHORIZATION: Basic eDp5'],
        ])
          assert.equal((await exchange(port, raw('/ops/leaks', headers))).status, 400);
      });
    });

    test('two Host headers get 400, with a token and without', async () => {
      await using(open(), async (port) => {
        for (const headers of [[], [bearer()]])
          for (const host of ['localhost', 'evil.example'])
            assert.equal(
              (await exchange(port, raw('/ops/leaks', [...headers, `HOST: ${host}`]))).status,
              400,
              host,
            );
      });
    });

    test('a header that Node drops, since too many come before it, hides nothing: 400, or 431 from newer Node', async () => {
      await using(open(), async (port) => {
        const fillers = (count: number) => Array.from({ length: count }, () => 'a:');
        for (const hidden of [bearer(issueToken()), 'Host: evil.example', 'Origin: https://evil.example'])
          for (const count of [998, 1_100, 3_000]) {
            const request = raw('/ops/leaks', [bearer(), ...fillers(count), hidden]);
            assert.ok(TOO_MANY.includes((await transfer(port, request)).status), `${count} ${hidden}`);
          }
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer(), ...fillers(900)]))).status, 200);
        assert.ok(TOO_MANY.includes((await transfer(port, raw('/ops/leaks', fillers(3_000)))).status));
      });
    });

    test('a page of another site gets 403, and no answer opens CORS', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const header of ['Origin: https://evil.example', 'Origin: null', 'Sec-Fetch-Site: cross-site']) {
          for (const route of ROUTE_NAMES) {
            const response = await exchange(port, requestTo(route, [bearer(ADMIN_TOKEN), header]));
            if (response.status === 404) continue;
            assert.equal(response.status, 403, `${route} ${header}`);
            assert.doesNotMatch(response.head, /access-control/i);
          }
        }
        assert.deepEqual(calls, []);
      });
    });

    test('TRACE, CONNECT and OPTIONS get 405 on every route, even as a preflight', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        const token = bearer(ADMIN_TOKEN);
        for (const route of ROUTE_NAMES) {
          const { path } = routeOf(route);
          for (const method of ['TRACE', 'OPTIONS']) {
            const headers = [token, 'Access-Control-Request-Method: POST'];
            const response = await exchange(port, raw(`/ops${path}`, headers, method));
            assert.equal(response.status, 405, `${method} ${path}`);
            assert.doesNotMatch(response.head, /access-control/i);
            assert.ok(!response.body.includes('Bearer'));
          }
        }
        assert.deepEqual(calls, []);
      });
    });

    for (const route of ROUTE_NAMES) {
      const { scope, method, path } = routeOf(route);
      test(`every scope but '${scope}' gets 403 on ${method} ${path}, and nothing is done`, async () => {
        const { handlers, calls } = everyRoute();
        const audited: unknown[] = [];
        const keep = async (call: unknown) => {
          audited.push(call);
          return null;
        };
        await using(open({ audited: keep, metrics: null }, handlers), async (port) => {
          const response = await exchange(port, requestTo(route, [bearer(ALL_BUT[scope])]));
          assert.equal(response.status, 403);
          assert.equal(
            response.headers.get('www-authenticate'),
            `Bearer realm="leakwatch", error="insufficient_scope", scope="${scope}"`,
          );
          assert.deepEqual([calls, audited], [[], []]);
          const alone = await exchange(port, requestTo(route, [bearer(ONLY[scope])]));
          assert.equal(alone.status, REACHED);
          assert.deepEqual(calls, [route]);
        });
      });
    }
  });
}

test('a request that may lack headers gets 400 where the app keeps fewer of them, or all', async () => {
  const app = express().use('/ops', createOpsRouter(dependencies()));
  const expected: readonly (readonly [number, readonly number[]])[] = [
    [50, TOO_MANY],
    [0, [403]],
  ];
  for (const [kept, statuses] of expected) {
    const server = createServer(app).listen(0, '127.0.0.1');
    server.maxHeadersCount = kept;
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const fillers = Array.from({ length: 1_200 }, () => 'a:');
      const request = raw('/ops/leaks', [bearer(), ...fillers, 'Origin: https://evil.example']);
      assert.ok(statuses.includes((await transfer(port, request)).status));
    } finally {
      server.close();
    }
  }
});

test('CONNECT on the own listener gets 401 without a token and 405 with one', async () => {
  await using(ownListener(), async (port) => {
    assert.equal((await exchange(port, raw('localhost:22', [], 'CONNECT'))).status, 401);
    assert.equal((await exchange(port, raw('localhost:22', [bearer()], 'CONNECT'))).status, 405);
    // Whatever follows a CONNECT is not read as a request.
    const smuggled = raw('localhost:22', [], 'CONNECT') + raw('/ops/leaks', [bearer()]);
    const { bytes } = await exchange(port, smuggled);
    assert.deepEqual(bytes.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 401']);
  });
});

test('Host headers that are missing, doubled or foreign get 400 or 421 on the own listener, also with a valid token', async () => {
  await using(ownListener(), async (port) => {
    const status = async (...request: Parameters<typeof raw>) =>
      (await exchange(port, raw(...request))).status;
    for (const headers of [[], [bearer()]]) {
      assert.equal(await status('/ops/leaks', headers, 'GET', null), 400);
      assert.equal(await status('/ops/leaks', headers, 'GET', ''), 400);
      assert.equal(await status('/ops/leaks', [...headers, 'Host: localhost']), 400);
      assert.equal(await status('/ops/leaks', [...headers, 'Host: evil.example']), 400);
      for (const host of [
        'evil.example',
        '127.0.0.1.nip.io',
        'localhost.evil.example',
        '0x7f.1',
        '2130706433',
      ])
        assert.equal(await status('/ops/leaks', headers, 'GET', host), 421, host);
    }
    assert.equal(await status('http://evil.example/ops/leaks', [bearer()]), 404);
  });
});
