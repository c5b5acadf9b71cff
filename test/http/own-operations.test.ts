import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { grantOf } from '../../src/access/token-grant.js';
import { Operations } from '../../src/operations/operations.js';
import { systemClock } from '../../src/runtime/clock.js';
import { bearer, exchange, memoryLogger, ONLY, PLACES, raw, TOKEN, transfer, using } from './ops-fixture.js';

for (const [name, open] of Object.entries(PLACES)) {
  describe(`in ${name}`, () => {
    const began = () => {
      const operations = new Operations(systemClock, memoryLogger());
      const { id: principal } = grantOf(ONLY.profile);
      const order = {
        kind: 'cpu-profile',
        principal,
        request: '',
        requestId: 'r-1',
        expectedMs: null,
        coolDownMs: 0,
      } as const;
      const { operation } = operations.begin(
        order,
        ({ signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(new Error('cancelled'))),
          ),
      );
      return { operations, path: `/ops/operations/${operation.id}` };
    };

    test('whoever began an operation may read and cancel it, whatever its scopes, and others need the scope', async () => {
      const { operations, path } = began();
      await using(open({ operations }), async (port) => {
        const status = async (token: string, method: string) =>
          (await exchange(port, raw(path, [bearer(token)], method))).status;
        assert.equal(await status(ONLY.profile, 'GET'), 200);
        assert.equal(await status(ONLY.dump, 'GET'), 403);
        assert.equal(await status(ONLY.read, 'GET'), 200);
        assert.equal(await status(ONLY.read, 'DELETE'), 403);
        assert.equal(await status(ONLY.profile, 'DELETE'), 200);
      });
      await operations.stop();
    });

    test('ten pipelined requests that wait for an operation bring no warning of too many listeners', async () => {
      const { operations, path } = began();
      const warnings: string[] = [];
      const listen = ({ name: kind }: Error) => void warnings.push(kind);
      process.on('warning', listen);
      await using(open({ operations }), async (port) => {
        const one = raw(`${path}?waitSeconds=1`, [bearer(TOKEN)]).replace('Connection: close\r\n', '');
        const { bytes } = await transfer(port, one.repeat(9) + raw(path, [bearer(TOKEN)]));
        assert.equal(bytes.match(/^HTTP\/1\.1 200/gm)?.length, 10);
      });
      await operations.stop();
      process.off('warning', listen);
      assert.deepEqual(warnings, []);
    });
  });
}
