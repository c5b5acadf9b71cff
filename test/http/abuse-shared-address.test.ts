import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Authenticator, type Prover } from '../../src/access/authenticator.js';
import { type AuthorizeHook, HookProver } from '../../src/access/authorize-hook.js';
import { Limits, MAX_FAILURES } from '../../src/access/limits.js';
import { TokenStore } from '../../src/access/token-store.js';
import type { OpsDependencies } from '../../src/http/ops-dependencies.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { issueToken } from '../../src/options/tokens.js';
import { bearer, exchange, memoryLogger, PLACES, raw, using } from './ops-fixture.js';
import { pathOf } from './route-fakes.js';

const authenticatorWith = (prover: Prover) => new Authenticator(new TokenStore([], memoryLogger()), [prover]);

const byUser: AuthorizeHook = ({ header }) =>
  header('x-user') === 'ann' ? { id: 'ann', scopes: ['read'] } : null;

for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    test('a client of the hook is answered whatever others at its address do, such as behind one proxy', async () => {
      const authenticator = authenticatorWith(new HookProver(byUser, memoryLogger()));
      await using(open({ limits: new Limits(), authenticator }), async (port) => {
        for (let count = 0; count < MAX_FAILURES; count++)
          assert.equal((await exchange(port, raw('/ops/leaks'))).status, 401);
        const [bad, good] = await Promise.all([
          exchange(port, raw('/ops/leaks', [bearer(issueToken())])),
          exchange(port, raw('/ops/leaks', ['X-User: ann'])),
        ]);
        assert.deepEqual([bad.status, good.status], [429, 200]);
      });
    });

    test('a client whose proof cannot be checked gets 503 with the same bytes for every path, and is not penalised', async () => {
      const outage: Prover = { prove: async () => 'keys-unavailable' };
      const causes: unknown[] = [];
      const changes: Partial<OpsDependencies> = {
        limits: new Limits(),
        authenticator: authenticatorWith(outage),
        denied: (_, who, why) => void causes.push([who, why]),
      };
      await using(open(changes), async (port) => {
        const requests = [
          raw('/ops/nothing'),
          raw('/ops/leaks', [], 'OPTIONS'),
          raw('/ops/leaks#x'),
          ...ROUTE_NAMES.map((route) => raw(pathOf(route), [bearer()], routeOf(route).method)),
        ];
        assert.ok(requests.length > MAX_FAILURES);
        const responses = await Promise.all(requests.map((request) => exchange(port, request)));
        for (const { status, headers, body } of responses) {
          assert.equal(status, 503);
          assert.equal(headers.get('retry-after'), '10');
          assert.equal(JSON.parse(body).code, 'LEAKWATCH_ERR_REFUSED');
        }
        assert.equal(new Set(responses.map(({ head, body }) => head + body)).size, 1);
        assert.deepEqual(
          causes,
          requests.map(() => [null, 'keys-unavailable']),
        );
      });
    });

    test('an outage of the hook refuses its clients with 503 and penalises none of them', async () => {
      let isBroken = true;
      const authenticator = authenticatorWith(
        new HookProver((request) => {
          if (isBroken) throw new Error('the session store is down');
          return byUser(request);
        }, memoryLogger()),
      );
      await using(open({ limits: new Limits(), authenticator }), async (port) => {
        const ann = () => exchange(port, raw('/ops/leaks', ['X-User: ann']));
        const during = await Promise.all(Array.from({ length: MAX_FAILURES + 2 }, ann));
        for (const { status, headers, body } of during) {
          assert.deepEqual([status, headers.get('retry-after')], [503, '10']);
          assert.equal(JSON.parse(body).code, 'LEAKWATCH_ERR_REFUSED');
          assert.doesNotMatch(body, /session store/);
        }
        isBroken = false;
        assert.equal((await ann()).status, 200);
        assert.equal((await exchange(port, raw('/ops/leaks'))).status, 401, 'nothing was counted');
      });
    });
  });
}
