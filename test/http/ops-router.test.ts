import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SCHEMA_VERSION } from '../../src/report/report.js';
import { ACTIVE_CHARACTERS, finding, HOSTILE_NAMES, report } from '../report/report-fixture.js';
import {
  authenticatorOf,
  bearer,
  CORS_APP,
  DUMP_TOKEN,
  dependencies,
  exchange,
  memoryLogger,
  ownListener,
  PLACES,
  type RawResponse,
  raw,
  using,
} from './ops-fixture.js';
import { opsStatus } from './status-fixture.js';

const ID = finding().id;

function codeOf(response: RawResponse): string {
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  const problem = JSON.parse(response.body);
  assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'code', 'detail']);
  assert.equal(problem.status, response.status);
  return problem.code;
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    test('the report, a finding and the status are read with a token', async () => {
      await using(open(), async (port) => {
        const leaks = await exchange(port, raw('/ops/leaks', [bearer()]));
        assert.equal(leaks.status, 200);
        assert.equal(leaks.headers.get('content-type'), 'application/json; charset=utf-8');
        assert.deepEqual(JSON.parse(leaks.body), report());
        const one = await exchange(
          port,
          raw(`/ops/leaks/${ID}?series=1`, ['authorization: BEARER  '.trimEnd() + bearer().slice(21)]),
        );
        assert.deepEqual(JSON.parse(one.body), finding());
        const status = await exchange(port, raw('/ops/status', [bearer()]));
        assert.deepEqual(JSON.parse(status.body), opsStatus());
      });
    });

    test('text is served to who prefers it', async () => {
      await using(open(), async (port) => {
        const get = (path: string, accept: string) =>
          exchange(port, raw(path, [bearer(), `Accept: ${accept}`]));
        const text = await get('/ops/leaks', 'text/plain');
        assert.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8');
        assert.match(text.body, /^LEAK confirmed \(97 %\)/);
        assert.match((await get(`/ops/leaks/${ID}`, 'text/plain')).body, /^LEAK confirmed \(97 %\)/);
        assert.equal(JSON.parse((await get('/ops/leaks', '*/*')).body).schemaVersion, SCHEMA_VERSION);
        const refused = await get('/ops/leaks', 'image/png');
        assert.equal(refused.status, 406);
        assert.equal(codeOf(refused), 'LEAKWATCH_ERR_NOT_ACCEPTABLE');
      });
    });

    test('HEAD tells what GET would send, without sending it', async () => {
      await using(open(), async (port) => {
        const get = await exchange(port, raw('/ops/leaks', [bearer()]));
        const head = await exchange(port, raw('/ops/leaks', [bearer()], 'HEAD'));
        assert.equal(head.head, get.head);
        assert.equal(head.body, '');
      });
    });

    test('every path and method gets the same bytes without a valid token', async () => {
      await using(open(), async (port) => {
        const expected = await exchange(port, raw('/ops/leaks'));
        assert.equal(expected.status, 401);
        assert.equal(expected.headers.get('www-authenticate'), 'Bearer realm="leakwatch"');
        assert.equal(codeOf(expected), 'LEAKWATCH_ERR_UNAUTHENTICATED');
        const requests = [
          raw('/ops/leaks/'),
          raw('/ops/nothing'),
          raw('/ops/%ff'),
          raw(`/ops/leaks/${ID}`),
          raw('/ops/status'),
          raw('/ops'),
          raw('/ops/leaks', [], 'POST'),
          raw('/ops/leaks', [], 'OPTIONS'),
          raw('/ops/nothing', [], 'TRACE'),
          raw('/ops/leaks', [bearer('wrong'.repeat(9))]),
          raw('/ops/leaks', ['Origin: http://evil.example']),
          raw('/ops/leaks?access_token=x', ['Cookie: token=x']),
          raw('/ops/leaks', ['Accept: image/png']),
        ];
        for (const request of requests) {
          const answer = await exchange(port, request);
          assert.equal(answer.head + answer.body, expected.head + expected.body, request);
        }
      });
    });

    test('paths that look like routes are not', async () => {
      await using(open(), async (port) => {
        const targets = [
          '/OPS/leaks',
          '/Ops/leaks',
          '/ops/LEAKS',
          '/ops/leaks/',
          '/ops//leaks',
          '//ops//leaks',
          '//ops/leaks',
          '/ops%2fleaks',
          '/ops/leaks%2f',
          '/ops/%6ceaks',
          '/public/../ops/leaks',
          '/ops/./leaks',
          '/ops/x/../leaks',
          '/ops/leaks;x=1',
          '/ops/leaks.json',
          '/ops\\leaks',
          '/ops/leaks%00',
          '/ops',
          '/ops/',
          '/ops/status/',
          '/opsleaks',
          '/ops/leaks/x/y',
          '/ops/%',
          '/ops/%zz?x=%',
          '/ops/leaks%c3',
          '/ops/leaks/%e0%a4/x',
          '*',
        ];
        for (const target of targets) {
          const answer = await exchange(port, raw(target, [bearer()]));
          assert.equal(answer.status, 404, `${target}: ${answer.bytes}`);
        }
      });
    });

    test('an id that no finding has is not found, whatever its bytes', async () => {
      await using(open(), async (port) => {
        const ids = [
          'lw-0000000000000000',
          '..%2f..%2fetc%2fpasswd',
          '%00',
          '%ff',
          '%',
          '%zz',
          '%e0%a4%',
          '__proto__',
          'constructor',
          'a'.repeat(8_000),
          "'",
        ];
        for (const id of ids) {
          const answer = await exchange(port, raw(`/ops/leaks/${id}`, [bearer()]));
          assert.equal(answer.status, 404, id);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_NOT_FOUND');
        }
      });
    });

    test('methods that change things are refused on every route, and nothing opens CORS', async () => {
      await using(open(), async (port) => {
        const paths = {
          '/ops/leaks': 'GET, HEAD',
          [`/ops/leaks/${ID}`]: 'GET, HEAD, PATCH',
          '/ops/status': 'GET, HEAD',
        };
        for (const [path, allowed] of Object.entries(paths)) {
          for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
            if (allowed.includes(method)) continue;
            const answer = await exchange(port, raw(path, [bearer()], method));
            assert.equal(answer.status, 405, `${method} ${path}`);
            assert.equal(answer.headers.get('allow'), allowed);
            assert.equal(codeOf(answer), 'LEAKWATCH_ERR_METHOD_NOT_ALLOWED');
            assert.doesNotMatch(answer.head, /access-control/i);
          }
        }
        assert.equal((await exchange(port, raw('/ops/nothing', [bearer()], 'POST'))).status, 404);
      });
    });

    test('a page in a browser is refused even with a token', async () => {
      await using(open(), async (port) => {
        const sites = [
          'Origin: http://evil.example',
          'Origin: null',
          'Sec-Fetch-Site: cross-site',
          'Sec-Fetch-Site: same-site',
          'Sec-Fetch-Site: Cross-Site',
        ];
        for (const header of sites) {
          const answer = await exchange(port, raw('/ops/leaks', [bearer(), header]));
          assert.equal(answer.status, 403, header);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_CROSS_SITE');
        }
        assert.equal(
          (await exchange(port, raw('/ops/leaks', [bearer(), 'Sec-Fetch-Site: none']))).status,
          200,
        );
      });
    });

    test('a token without the scope of a route is told which one it lacks', async () => {
      await using(open(), async (port) => {
        for (const path of ['/ops/leaks', `/ops/leaks/${ID}`, '/ops/leaks/nothing', '/ops/status']) {
          const answer = await exchange(port, raw(path, [bearer(DUMP_TOKEN)]));
          assert.equal(answer.status, 403, path);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_INSUFFICIENT_SCOPE');
          assert.equal(
            answer.headers.get('www-authenticate'),
            'Bearer realm="leakwatch", error="insufficient_scope", scope="read"',
          );
        }
      });
    });

    test('two Authorization headers are refused, even if one is right', async () => {
      await using(open(), async (port) => {
        for (const second of [bearer(), bearer('other'), 'authorization: Basic eDp5']) {
          const answer = await exchange(port, raw('/ops/leaks', [bearer(), second]));
          assert.equal(answer.status, 400);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_BAD_REQUEST');
        }
      });
    });

    test('every answer forbids caching, sniffing and framing, and has an id of its own', async () => {
      await using(open(), async (port) => {
        const seen = new Set<string>();
        const requests = [
          raw('/ops/leaks'),
          raw('/ops/leaks', [bearer()]),
          raw('/ops/x', [bearer()]),
          raw('/ops/leaks', [bearer()], 'PUT'),
        ];
        for (const request of requests) {
          const { headers } = await exchange(
            port,
            raw(
              request.split(' ')[1]!,
              ['X-Request-Id: forged', ...request.split('\r\n').slice(3, -2)],
              request.split(' ')[0],
            ),
          );
          assert.equal(headers.get('cache-control'), 'no-store');
          assert.equal(headers.get('x-content-type-options'), 'nosniff');
          assert.equal(headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'");
          assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
          seen.add(headers.get('x-request-id') ?? '');
        }
        assert.equal(seen.size, requests.length);
      });
    });

    test('what is known already is not sent again', async () => {
      let bytes = 1_000_000;
      let cpuSeconds = 1;
      const changing = () => {
        const now = report();
        cpuSeconds += 1;
        return {
          ...now,
          heap: { ...now.heap, liveBytes: bytes },
          watcher: { ...now.watcher, cost: { cpuSeconds } },
        };
      };
      await using(open({ report: changing }), async (port) => {
        const first = await exchange(port, raw('/ops/leaks', [bearer()]));
        const tag = first.headers.get('etag') ?? '';
        assert.match(tag, /^"[\w-]{43}"$/);
        for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
          const again = await exchange(port, raw('/ops/leaks', [bearer(), `If-None-Match: ${known}`]));
          assert.equal(again.status, 304, known);
          assert.equal(again.body, '');
          assert.equal(again.headers.get('etag'), tag);
        }
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).body, first.body);
        const text = await exchange(
          port,
          raw('/ops/leaks', [bearer(), 'Accept: text/plain', `If-None-Match: ${tag}`]),
        );
        assert.equal(text.status, 200);
        bytes += 1;
        const news = await exchange(port, raw('/ops/leaks', [bearer(), `If-None-Match: ${tag}`]));
        assert.equal(news.status, 200);
        assert.notEqual(news.headers.get('etag'), tag);
        assert.equal(JSON.parse(news.body).heap.liveBytes, bytes);
      });
    });

    test('without any token configured nothing is there', async () => {
      const authenticator = authenticatorOf([]);
      await using(open({ authenticator }), async (port) => {
        for (const request of [
          raw('/ops/leaks'),
          raw('/ops/leaks', [bearer()]),
          raw('/ops/metrics'),
          raw('/ops/x', [], 'POST'),
        ]) {
          const answer = await exchange(port, request);
          assert.equal(answer.status, 404);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_NOT_FOUND');
        }
      });
    });

    test('a failure inside is answered without its message and leaves the process whole', async () => {
      const logger = memoryLogger();
      const failing = () => {
        throw new Error('secret at /srv/app/file.ts \x1b[31m');
      };
      await using(
        open({ report: failing, status: () => opsStatus({ options: { big: 1n } }), logger }),
        async (port) => {
          for (const path of ['/ops/leaks', '/ops/status']) {
            const answer = await exchange(port, raw(path, [bearer()]));
            assert.equal(answer.status, 500);
            assert.equal(codeOf(answer), 'LEAKWATCH_ERR_INTERNAL');
            assert.doesNotMatch(answer.body, /secret|srv|BigInt|at /);
          }
          assert.match(logger.lines[0] ?? '', /secret at \/srv\/app\/file\.ts \\x1b/);
        },
      );
    });

    test('a failing logger does not turn a failure into a crash', async () => {
      const logger = {
        ...memoryLogger(),
        warn: () => {
          throw new Error('full disk');
        },
      };
      await using(
        open({
          report: () => {
            throw new Error('no report');
          },
          logger,
        }),
        async (port) => {
          assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 500);
        },
      );
    });

    for (const [what, className] of Object.entries(HOSTILE_NAMES)) {
      test(`a hostile class name (${what}) reaches neither terminal nor page`, async () => {
        await using(open({ report: () => report([finding({ className })]) }), async (port) => {
          const json = await exchange(port, raw('/ops/leaks', [bearer()]));
          const text = await exchange(port, raw('/ops/leaks', [bearer(), 'Accept: text/plain']));
          assert.equal(JSON.parse(json.body).findings[0].className, className);
          assert.doesNotMatch(json.body, /[<>]/);
          for (const answer of [json, text]) assert.doesNotMatch(answer.body, ACTIVE_CHARACTERS);
          assert.ok(!text.headers.has('set-cookie'));
        });
      });
    }
  });
}

test('CORS headers that the app put on every answer do not open the endpoint', async () => {
  await using(CORS_APP(), async (port) => {
    assert.match((await exchange(port, raw('/'))).head, /access-control-allow-origin/i);
    for (const headers of [[], [bearer()]]) {
      assert.doesNotMatch((await exchange(port, raw('/ops/leaks', headers))).head, /access-control/i);
    }
  });
});

test('the app goes on serving its own routes', async () => {
  await using(PLACES['an Express 4 app']!(), async (port) => {
    assert.equal((await exchange(port, raw('/'))).body, 'the app');
  });
});

test("metrics are not a route of the app's router", async () => {
  await using(PLACES['an Express 5 app']!(), async (port) => {
    assert.equal((await exchange(port, raw('/ops/metrics', [bearer()]))).status, 404);
  });
});

test('a failing exposition is answered 500', async () => {
  const metrics = () => Promise.reject(new Error('collector'));
  await using(ownListener(dependencies({ metrics })), async (port) => {
    assert.equal((await exchange(port, raw('/metrics', [bearer()]))).status, 500);
  });
});

test('metrics opened by option need no token configured, and open nothing else', async () => {
  await using(ownListener({ authenticator: authenticatorOf([]), metricsAuth: 'none' }), async (port) => {
    assert.equal((await exchange(port, raw('/metrics'))).status, 200);
    for (const request of [raw('/ops/leaks'), raw('/ops/status', [bearer()]), raw('/metrics', [], 'POST')]) {
      assert.equal((await exchange(port, request)).status, 404);
    }
  });
});
