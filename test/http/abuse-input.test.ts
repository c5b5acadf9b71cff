import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Authenticator } from '../../src/access/authenticator.js';
import { HookProver } from '../../src/access/authorize-hook.js';
import { SCOPES } from '../../src/access/scope.js';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { type InputRouteName, ROUTE_NAMES, type RouteName, routeOf } from '../../src/http/routes.js';
import { INPUTS } from '../../src/http/schema/inputs.js';
import {
  ADMIN_TOKEN,
  bearer,
  exchange,
  memoryLogger,
  PLACES,
  raw,
  TOKEN,
  transfer,
  using,
} from './ops-fixture.js';
import { everyRoute, pathOf, REACHED, requestTo, withBody } from './route-fakes.js';

afterEach(() => mock.timers.reset());

const ADMIN = bearer(ADMIN_TOKEN);
const INPUT_ROUTES = Object.keys(INPUTS) as InputRouteName[];
const WITH_BODY = INPUT_ROUTES.filter((route) => INPUTS[route].body !== null);
const WITH_SECONDS = ['recordHeapProfile', 'recordCpuProfile'] as const;
const SENSITIVE = ROUTE_NAMES.filter((route) => !['read', 'metrics'].includes(routeOf(route).scope));

/** Its path up to the last slash. */
const parentOf = (route: RouteName) => routeOf(route).path.replace(/[^/]+$/, '');
const deep = (open: string, close: string) => open.repeat(10_000) + close.repeat(10_000);

/** What no route takes → the statuses that are right for it. */
const HOSTILE_BODIES: Readonly<Record<string, { readonly body: string | Buffer; readonly status: number }>> =
  {
    null: { body: 'null', status: 400 },
    'an array': { body: '[]', status: 400 },
    'a number': { body: '1', status: 400 },
    'a string': { body: '"muted"', status: 400 },
    __proto__: { body: '{"__proto__":{"polluted":true}}', status: 400 },
    constructor: { body: '{"constructor":{"prototype":{"polluted":true}}}', status: 400 },
    'a field that is unknown': { body: '{"unknown":1}', status: 400 },
    'half of an object': { body: '{"reason":', status: 400 },
    '5,000 arrays in arrays': { body: '['.repeat(5_000) + ']'.repeat(5_000), status: 400 },
    '10,000 arrays in arrays': { body: deep('[', ']'), status: 400 },
    '30,000 arrays in arrays': { body: '['.repeat(30_000) + ']'.repeat(30_000), status: 400 },
    '65 KiB': { body: JSON.stringify({ reason: 'x'.repeat(65 * 1024) }), status: 413 },
    'invalid UTF-8': { body: Buffer.from('{"reason":"\xff\xfe\xc0\xaf"}', 'latin1'), status: 400 },
    'a byte order mark alone': { body: Buffer.from([0xef, 0xbb, 0xbf]), status: 400 },
    'only spaces': { body: '   ', status: 400 },
  };

// The handlers are fakes, so the answers are not compared with the OpenAPI document: the tests of each route do that.
for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    test('the requests of this suite are accepted where nothing is wrong with them', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of ROUTE_NAMES)
          assert.equal((await transfer(port, requestTo(route, [ADMIN]))).status, REACHED, route);
        assert.deepEqual(calls, ROUTE_NAMES);
      });
    });

    for (const [what, { body, status }] of Object.entries(HOSTILE_BODIES)) {
      test(`a body that is ${what} gets ${status} on every route that takes one, and nothing is done`, async () => {
        const { handlers, calls } = everyRoute();
        await using(open({}, handlers), async (port) => {
          for (const route of WITH_BODY) {
            const bytes = Buffer.from(withBody(route, body, [ADMIN]), 'latin1');
            assert.equal((await transfer(port, bytes)).status, status, route);
          }
          assert.deepEqual(calls, []);
          assert.equal(Reflect.get({}, 'polluted'), undefined);
        });
      });
    }

    test('the longest expression fits into a body, however its characters are escaped', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        const [expression, reason] = ['\\u00e9'.repeat(8_000), '\\u00e9'.repeat(500)];
        const body = `{"expression":"${expression}","reason":"${reason}","secondReason":"${reason}"}`;
        assert.equal((await transfer(port, withBody('evaluate', body, [ADMIN]))).status, REACHED);
        assert.deepEqual(calls, ['evaluate']);
      });
    });

    test('an empty body is no body: it gets 400 where the route needs one', async () => {
      const { handlers } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of WITH_BODY) {
          const accepted = INPUTS[route].body?.safeParse({}).success === true;
          const response = await transfer(port, raw(pathOf(route), [ADMIN], routeOf(route).method));
          assert.equal(response.status, accepted ? REACHED : 400, route);
        }
      });
    });

    test('a body that is compressed or not JSON gets 415, and nothing is done', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of WITH_BODY) {
          const zipped = gzipSync('{}');
          const gzip = Buffer.from(withBody(route, zipped, [ADMIN, 'Content-Encoding: gzip']), 'latin1');
          assert.equal((await transfer(port, gzip)).status, 415, route);
          for (const type of [
            'text/plain',
            'application/x-www-form-urlencoded',
            'multipart/form-data; boundary=x',
            'application/json; charset=utf-16',
            'application/jsonp',
          ]) {
            const bytes = withBody(route, '{}', [ADMIN, `Content-Type: ${type}`]);
            assert.equal((await transfer(port, bytes)).status, 415, `${route} ${type}`);
          }
        }
        assert.deepEqual(calls, []);
      });
    });

    test('a body that ends early or is announced larger than it may be does nothing', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of WITH_BODY) {
          const { method } = routeOf(route);
          const head = [ADMIN, 'Content-Type: application/json'];
          const announced = raw(pathOf(route), [...head, 'Content-Length: 1000000000'], method);
          assert.equal((await transfer(port, announced)).status, 413, route);
          const smuggled = raw(
            pathOf(route),
            [...head, 'Content-Length: 2', 'Transfer-Encoding: chunked'],
            method,
          );
          assert.equal((await transfer(port, `${smuggled}{}`)).status, 400, route);
        }
        assert.deepEqual(calls, []);
      });
    });

    test('a body that takes more than 10 s gets 408, and nothing is done', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of WITH_BODY) {
          mock.timers.enable({ apis: ['setTimeout'] });
          const head = [ADMIN, 'Content-Type: application/json', 'Content-Length: 20'];
          const slow = exchange(port, `${raw(pathOf(route), head, routeOf(route).method)}{"reason":`);
          let isAnswered = false;
          void slow.finally(() => {
            isAnswered = true;
          });
          // When the endpoint begins to wait for the body cannot be seen from outside.
          while (!isAnswered) {
            mock.timers.tick(10_000);
            await new Promise((resolve) => setImmediate(resolve));
          }
          mock.timers.reset();
          const { status, body } = await slow;
          assert.deepEqual([status, JSON.parse(body).code], [408, 'LEAKWATCH_ERR_BODY_TIMEOUT'], route);
        }
        assert.deepEqual(calls, []);
      });
    });

    for (const value of [
      '-1',
      '0',
      '1e9',
      'NaN',
      'Infinity',
      '5;rm',
      '5 ',
      '0x10',
      '1.5',
      '',
      '٣',
      '999999',
      '121',
    ]) {
      test(`seconds=${value} gets 400, which names the field and not the value`, async () => {
        const { handlers, calls } = everyRoute();
        await using(open({}, handlers), async (port) => {
          for (const route of WITH_SECONDS) {
            const target = `${pathOf(route)}?seconds=${encodeURIComponent(value)}`;
            const response = await transfer(port, raw(target, [ADMIN], 'POST'));
            assert.equal(response.status, 400, route);
            const { code, detail } = JSON.parse(response.body);
            assert.equal(code, 'LEAKWATCH_ERR_INVALID_INPUT');
            assert.match(detail, /^query\.seconds: /);
            assert.ok(!detail.includes('rm'));
          }
          assert.deepEqual(calls, []);
        });
      });
    }

    test('a query that repeats a name, has an unknown one, or reaches for the prototype gets 400', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const query of [
          'seconds=5&seconds=6',
          'seconds=5&unknown=1',
          '__proto__=1',
          'constructor[prototype][polluted]=1',
          'seconds[]=5',
        ])
          for (const route of WITH_SECONDS) {
            const response = await transfer(port, raw(`${pathOf(route)}?${query}`, [ADMIN], 'POST'));
            assert.equal(response.status, 400, query);
          }
        assert.deepEqual(calls, []);
        assert.equal(Reflect.get({}, 'polluted'), undefined);
      });
    });

    test('ids that lead elsewhere, end early or are not known get 404', async () => {
      await using(open(), async (port) => {
        const ids = [
          '../../etc/passwd',
          '..%2f..%2fetc%2fpasswd',
          '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
          '%00',
          'lw-0123456789abcdef%00',
          '9b2f0d3e-6a0c-4a53-9c52-0e8e6a1f7c11',
          '%ff',
          '__proto__',
          'constructor',
          "'%20or%201=1--",
          'x'.repeat(8_000),
        ];
        const paths = ['/ops/leaks/', '/ops/operations/'];
        for (const path of paths)
          for (const id of ids)
            assert.equal((await transfer(port, raw(path + id, [ADMIN]))).status, 404, path + id);
        for (const id of ids)
          assert.equal((await transfer(port, raw(`/ops/operations/${id}/file`, [ADMIN]))).status, 404, id);
      });
    });

    test('paths that a proxy could read as another get 404 for every route, never its answer', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({}, handlers), async (port) => {
        for (const route of ROUTE_NAMES) {
          const path = pathOf(route);
          const isId = ROUTE_NAMES.some(
            (other) => routeOf(other).path.replace(/:\w+$/, '') === parentOf(route),
          );
          const below = path.slice('/ops'.length);
          const targets = [
            `/public/..${path}`,
            `/public/%2e%2e${path}`,
            `/${path}`,
            `//ops/${below}`,
            `/ops/${below}`,
            `/ops%2f${below.slice(1)}`,
            `/OPS${below}`,
            `/Ops${below}`,
            `${path}/`,
            // Where an id may stand, its handler refuses it.
            ...(isId ? [] : [`${path}%2f`, `${path};a=1`, `${path}%00`]),
            `/ops/.${below}`,
            `/ops/x/..${below}`,
          ];
          for (const target of targets) {
            const { status } = await transfer(port, raw(target, [ADMIN], routeOf(route).method));
            assert.ok([404, 405].includes(status), `${target}: ${status}`);
          }
        }
        assert.deepEqual(calls, []);
      });
    });

    test('an address with #, a backslash or a character beyond ASCII gets 404 for every route, and the hook is not asked about it', async () => {
      const { handlers, calls } = everyRoute();
      let asked = 0;
      const hook = new HookProver(() => {
        asked += 1;
        return { id: 'ann', scopes: SCOPES };
      }, memoryLogger());
      const authenticator = new Authenticator(new TokenStore([grantOf(TOKEN)], memoryLogger()), [hook]);
      await using(open({}, handlers), async (port) => {
        for (const route of ROUTE_NAMES) {
          const below = pathOf(route).slice('/ops'.length);
          for (const target of [
            `/ops${below}#`,
            `/ops${below}#x`,
            `/ops${below}?a=1#`,
            `/ops/x\\..${below}#`,
            `/ops${below.replaceAll('/', '\\')}#`,
            `/x/..\\ops${below}#`,
            `/ops\\${below.slice(1)}`,
            `/ops${below}\u00a0`,
            `/ops${below}"`,
          ]) {
            const request = Buffer.from(raw(target, [ADMIN], routeOf(route).method), 'latin1');
            const { status } = await transfer(port, request);
            assert.ok([400, 404].includes(status), `${target}: ${status}`);
          }
        }
        assert.deepEqual(calls, []);
      });
      await using(open({ authenticator }, handlers), async (port) => {
        assert.equal((await transfer(port, raw('/ops/leaks#'))).status, 401);
        assert.equal((await transfer(port, raw('/ops/leaks\\scan#', [], 'POST'))).status, 401);
        assert.equal(asked, 0);
        assert.equal((await transfer(port, raw('/ops/leaks'))).status, REACHED);
        assert.equal(asked, 1);
      });
    });

    test('where the audit log cannot be written, whatever acts, dumps, profiles or evaluates gets 503 and is not done', async () => {
      const { handlers, calls } = everyRoute();
      const broken = {
        returns: async () => 'no space is left',
        throws: async () => {
          throw new Error('no space is left');
        },
      };
      for (const [how, audited] of Object.entries(broken)) {
        await using(open({ audited }, handlers), async (port) => {
          for (const route of SENSITIVE) {
            const { status } = await transfer(port, requestTo(route, [ADMIN]));
            assert.equal(status, how === 'returns' ? 503 : 500, route);
          }
        });
      }
      assert.deepEqual(calls, []);
      await using(open({ audited: async () => 'no space is left' }, handlers), async (port) => {
        const reads = ROUTE_NAMES.filter((route) => !SENSITIVE.includes(route)) as RouteName[];
        for (const route of reads)
          assert.equal((await transfer(port, requestTo(route, [ADMIN]))).status, REACHED, route);
      });
    });
  });
}
