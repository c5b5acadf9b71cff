import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Authenticator, type Prover } from '../../src/access/authenticator.js';
import { type AuthorizeHook, HookProver } from '../../src/access/authorize-hook.js';
import { Limits, MAX_FAILURES } from '../../src/access/limits.js';
import { TokenStore } from '../../src/access/token-store.js';
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
      const outage: Prover = { prove: async () => 'unavailable' };
      await using(open({ limits: new Limits(), authenticator: authenticatorWith(outage) }), async (port) => {
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
      });
    });
  });
}
