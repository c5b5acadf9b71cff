import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Limits, MAX_FAILURES, REQUESTS_PER_MINUTE } from '../../src/access/limits.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { issueToken } from '../../src/options/tokens.js';
import {
  ADMIN_TOKEN,
  bearer,
  exchange,
  ownListener,
  PLACES,
  type RawResponse,
  raw,
  TOKEN,
  using,
} from './ops-fixture.js';
import { everyRoute, pathOf, REACHED, requestTo } from './route-fakes.js';

const WRONG = bearer(issueToken());

function assertTooMany(response: RawResponse): void {
  assert.equal(response.status, 429, response.bytes);
  assert.equal(JSON.parse(response.body).code, 'LEAKWATCH_ERR_TOO_MANY_REQUESTS');
  const seconds = Number(response.headers.get('retry-after'));
  assert.ok(seconds >= 1 && seconds <= 60, `${seconds} s`);
}

async function failUntilPenalised(port: number): Promise<void> {
  for (let count = 0; count < MAX_FAILURES; count++)
    assert.equal((await exchange(port, raw('/ops/leaks', [WRONG]))).status, 401);
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    test('of 1,000 bad tokens from one address a few get 401 and the others 429, while a valid token from there gets 200', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        const statuses = new Map<number, number>();
        const count = ({ status }: RawResponse) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await failUntilPenalised(port);
        // Many at a time, since the own listener answers each of these a second late.
        for (let batch = 0; batch < 12; batch++) {
          const bad = Array.from({ length: 84 }, () =>
            exchange(port, raw('/ops/leaks', [bearer(issueToken())])),
          );
          const good = exchange(port, raw('/ops/leaks', [bearer()]));
          assert.equal((await good).status, 200);
          for (const response of await Promise.all(bad)) count(response);
        }
        assert.deepEqual([...statuses], [[429, 1_008]]);
      });
    });

    test('the 429 has the same bytes for every path and method, but for the seconds to wait', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({ limits: new Limits() }, handlers), async (port) => {
        await failUntilPenalised(port);
        const requests = [
          raw('/ops/nothing'),
          raw('/ops/leaks', [], 'OPTIONS'),
          ...ROUTE_NAMES.map((route) => raw(pathOf(route), [WRONG], routeOf(route).method)),
        ];
        const responses = await Promise.all(requests.map((request) => exchange(port, request)));
        const bytes = responses.map(({ head, body }) => head.replace(/retry-after: \d+/i, '') + body);
        for (const response of responses) assertTooMany(response);
        assert.equal(new Set(bytes).size, 1);
        assert.deepEqual(calls, []);
      });
    });

    test('two Authorization headers get 400 also during a penalty', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        await failUntilPenalised(port);
        assertTooMany(await exchange(port, raw('/ops/leaks', [WRONG])));
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer(), bearer()]))).status, 400);
      });
    });

    test('a forged X-Forwarded-For or Forwarded neither ends a penalty nor brings one on somebody else', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        const forged = (index: number) => [
          `X-Forwarded-For: 203.0.113.${index}`,
          `Forwarded: for=203.0.113.${index}`,
          `X-Real-IP: 203.0.113.${index}`,
          `X-Client-IP: 203.0.113.${index}`,
        ];
        for (let index = 0; index < MAX_FAILURES; index++)
          assert.equal((await exchange(port, raw('/ops/leaks', [WRONG, ...forged(index)]))).status, 401);
        assertTooMany(await exchange(port, raw('/ops/leaks', [WRONG, ...forged(77)])));
        assertTooMany(await exchange(port, raw('/ops/leaks', [WRONG])));
      });
    });

    test('a valid token is not charged for the failures of its address, and does not end their penalty', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        await failUntilPenalised(port);
        for (let count = 0; count < 20; count++) {
          const response = await exchange(port, raw('/ops/leaks', [bearer()]));
          assert.equal(response.status, 200);
          const left = REQUESTS_PER_MINUTE.read - 1 - count;
          assert.match(response.headers.get('ratelimit') ?? '', new RegExp(`^"read";r=${left};t=\\d+$`));
        }
        assertTooMany(await exchange(port, raw('/ops/leaks', [WRONG])));
      });
    });

    test('a token that asks too much gets 429 until the minute is over, and another token does not notice', async () => {
      const { handlers, calls } = everyRoute();
      await using(open({ limits: new Limits() }, handlers), async (port) => {
        const limit = REQUESTS_PER_MINUTE.act;
        for (let count = 0; count < limit; count++) {
          const response = await exchange(port, requestTo('collect', [bearer(ADMIN_TOKEN)]));
          assert.equal(response.status, REACHED);
          assert.equal(response.headers.get('ratelimit-policy'), `"act";q=${limit};w=60`);
          assert.match(
            response.headers.get('ratelimit') ?? '',
            new RegExp(`^"act";r=${limit - 1 - count};t=\\d+$`),
          );
        }
        const reached = calls.length;
        for (const route of ['collect', 'scan', 'decide'] as const)
          assertTooMany(await exchange(port, requestTo(route, [bearer(ADMIN_TOKEN)])));
        assert.equal(calls.length, reached);
        assert.equal((await exchange(port, requestTo('leaks', [bearer(ADMIN_TOKEN)]))).status, REACHED);
        assert.equal((await exchange(port, requestTo('leaks', [bearer(TOKEN)]))).status, REACHED);
      });
    });

    test('a valid token that only guesses addresses, methods and scopes is limited too, and can still read', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        const guesses = [
          raw('/ops/nothing', [bearer()]),
          raw('/ops/leaks', [bearer()], 'DELETE'),
          raw('/ops/%ff', [bearer()]),
          raw('/ops/leaks', [bearer(), 'Origin: http://evil.example']),
        ];
        for (let count = 0; count < REQUESTS_PER_MINUTE.refused; count++) {
          const { status } = await exchange(port, guesses[count % guesses.length]!);
          assert.ok([403, 404, 405].includes(status), String(status));
        }
        for (const guess of guesses) assertTooMany(await exchange(port, guess));
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
      });
    });

    test('nothing about limits is said to who has no valid token', async () => {
      await using(open({ limits: new Limits() }), async (port) => {
        await failUntilPenalised(port);
        const response = await exchange(port, raw('/ops/leaks', [WRONG]));
        assertTooMany(response);
        assert.ok(!response.headers.has('ratelimit'));
        assert.ok(!response.headers.has('ratelimit-policy'));
      });
    });
  });
}

describe('on the own listener', () => {
  test('wrong Host headers and bytes that are not HTTP count as failures', async () => {
    for (const bytes of [raw('/ops/leaks', [], 'GET', 'evil.example'), 'GET / HTTP/9.9\r\n\r\n']) {
      await using(ownListener({ limits: new Limits() }), async (port) => {
        for (let count = 0; count < MAX_FAILURES; count++)
          assert.ok([400, 421].includes((await exchange(port, bytes)).status));
        assertTooMany(await exchange(port, raw('/ops/leaks', [WRONG])));
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
        // Whoever has a token, but uses a wrong name, still learns what is wrong.
        const misdirected = raw('/ops/leaks', [bearer()], 'GET', 'evil.example');
        assert.equal((await exchange(port, misdirected)).status, 421);
      });
    }
  });

  test('a valid token under a wrong Host is no failure of its address, and has its own limit', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      const misdirected = raw('/ops/leaks', [bearer()], 'GET', 'evil.example');
      for (let count = 0; count < REQUESTS_PER_MINUTE.refused; count++)
        assert.equal((await exchange(port, misdirected)).status, 421);
      assertTooMany(await exchange(port, misdirected));
      assert.equal((await exchange(port, raw('/ops/leaks', [WRONG]))).status, 401);
    });
  });

  test('the refusal of a penalised client comes late and ends its connection, and others are answered meanwhile', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      await failUntilPenalised(port);
      const order: string[] = [];
      const late = exchange(port, raw('/ops/leaks', [WRONG]).replace('Connection: close\r\n', ''));
      const done = late.then((response) => {
        order.push('refused');
        return response;
      });
      for (let count = 0; count < 10; count++) {
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
        order.push('served');
      }
      const response = await done;
      assertTooMany(response);
      assert.equal(response.headers.get('connection'), 'close');
      assert.equal(order.at(-1), 'refused');
    });
  });

  test('metrics that are open to anyone are limited by client, and a valid token still gets its own share', async () => {
    await using(ownListener({ limits: new Limits(), metricsAuth: 'none' }), async (port) => {
      for (let count = 0; count < REQUESTS_PER_MINUTE.metrics; count++)
        assert.equal((await exchange(port, raw('/metrics'))).status, 200);
      assertTooMany(await exchange(port, raw('/metrics')));
      assert.equal((await exchange(port, raw('/metrics', [bearer()]))).status, 200);
    });
  });
});
