import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SCOPES, type Scope } from '../../src/access/scope.js';
import type { AuditedCall } from '../../src/audit/ops-audit.js';
import { report } from '../report/report-fixture.js';
import { bearer, exchange, PLACES, type Place, type RawResponse, raw } from './ops-fixture.js';
import { history, partsOf, REASON, rest, SECRET, token } from './repl-fixture.js';

function post(
  place: Place,
  path: string,
  body: unknown,
  scope: Scope | 'all' = 'all',
  hasty = false,
): Promise<RawResponse> {
  const text = JSON.stringify(body);
  if (path === '/eval' && !hasty) rest();
  const headers = [
    bearer(token(scope)),
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return exchange(place.port, `${raw(`/ops${path}`, headers, 'POST')}${text}`);
}

function json(response: RawResponse): Record<string, unknown> {
  return JSON.parse(response.body) as Record<string, unknown>;
}

for (const [where, open] of Object.entries(PLACES)) {
  describe(`Probes and expressions in ${where}`, () => {
    const audited: AuditedCall[] = [];
    let place: Place;
    before(async () => {
      place = await open(await partsOf('read-only', audited));
    });
    after(() => place.close());

    it('answer with counts, sizes and names', async () => {
      const handles = await post(place, '/probes/handles', {}, 'read');
      assert.equal(handles.status, 200);
      assert.ok(Number(json(handles)['total']) > 0);
      const modules = await post(place, '/probes/modules', {}, 'read');
      assert.match(modules.body, /"name":"history","className":"OrderHistory"/);
      assert.match(modules.body, /"name":"byCustomer","className":"Map","size":1/);
      const [finding] = report().findings;
      const leak = await post(place, '/probes/leak', { id: finding!.id }, 'read');
      assert.equal(json(leak)['finding'], finding!.id);
      assert.match(leak.body, /"owner":\{"found":true,"via":"history","className":"Map","size":1/);
      for (const { body } of [handles, modules, leak]) assert.doesNotMatch(body, /never shown|customer 1/);
    });

    it('count live objects for a client that may act, and record it', async () => {
      assert.equal((await post(place, '/probes/live', { className: 'Order' }, 'read')).status, 403);
      const counted = await post(place, '/probes/live', { className: 'Order' }, 'act');
      assert.equal(counted.status, 200);
      assert.equal(json(counted)['count'], 1);
      assert.deepEqual(audited.at(-1)?.input, { query: null, body: { className: 'Order' } });
      const again = await post(place, '/probes/live', { className: 'Order' }, 'act');
      assert.equal(again.status, 429);
      assert.ok(Number(again.headers.get('retry-after')) > 0);
      assert.equal((await post(place, '/probes/live', { className: 'Nothing' }, 'act')).status, 404);
    });

    it('refuse unknown probes, findings and fields', async () => {
      for (const name of ['heap', 'live%2f', 'live%00', 'Live', '__proto__', '..%2flive'])
        for (const body of [{}, { id: 'lw-0000000000000000' }])
          assert.equal((await post(place, `/probes/${name}`, body)).status, 404, name);
      assert.equal((await post(place, '/probes/leak', { id: 'lw-0000000000000000' })).status, 404);
      for (const [path, body] of [
        ['/probes/leak', {}],
        ['/probes/leak', { id: 'lw-0000000000000000', depth: 3 }],
        ['/probes/live', {}],
        ['/probes/live', { className: 7 }],
        ['/probes/live', { className: 'Object' }],
        ['/eval', { expression: '' }],
        ['/eval', { expression: '1' }],
        ['/eval', { expression: '1', reason: 'short' }],
        ['/eval', { expression: '1', reason: REASON, mode: 'everything' }],
        ['/eval', { expression: '1', reason: REASON, mode: 'full', secondReason: 'to empty the cache' }],
        ['/eval', { expression: 'x'.repeat(8001), reason: REASON }],
        ['/eval', { expression: '1', session: 'made up' }],
      ] as const) {
        const response = await post(place, path, body);
        assert.equal(response.status, 400, `${path} ${response.body}`);
      }
    });

    it('evaluate in a session, and record each expression before it runs', async () => {
      const opened = await post(
        place,
        '/eval',
        { expression: 'history.byCustomer.size', reason: REASON },
        'eval',
      );
      assert.equal(opened.status, 200, opened.body);
      const answer = json(opened);
      assert.equal(answer['outcome'], 'value');
      assert.equal(answer['preview'], '1');
      const session = (answer['session'] as { id: string }).id;
      assert.equal(session, opened.headers.get('x-request-id'));
      const recorded = audited.at(-1)!;
      assert.equal(recorded.requestId, session);
      assert.match(JSON.stringify(recorded.input), /history\.byCustomer\.size/);
      const second = json(await post(place, '/eval', { expression: '$it', session }, 'eval'));
      assert.equal((second['it'] as { via: string }).via, 'history');
      assert.match(String(second['preview']), /^Map\(1\) \{/);
      // The same id is unknown to another client.
      assert.equal((await post(place, '/eval', { expression: '1', session }, 'all')).status, 400);
    });

    it('refuse side effects, withhold secrets, and stay alive', async () => {
      let session: string | undefined;
      for (const [expression, outcome] of [
        ['host.exit(1)', 'refused'],
        ['history.byCustomer.clear()', 'refused'],
        ['import("node:fs")', 'refused'],
        ['history.constructor.constructor("return process")().exit()', 'refused'],
        [`"the value is ${SECRET}"`, 'value'],
      ] as const) {
        const response = await post(
          place,
          '/eval',
          session === undefined ? { expression, reason: REASON } : { expression, session },
          'eval',
        );
        assert.equal(response.status, 200, response.body);
        const answer = json(response);
        session = (answer['session'] as { id: string }).id;
        assert.equal(answer['outcome'], outcome, expression);
        assert.doesNotMatch(response.body, new RegExp(SECRET));
      }
      assert.equal(history.byCustomer.size, 1);
    });

    it('end an expression that runs for too long, and rest before the next', async () => {
      const expression = '(() => { for (;;); })()';
      const opened = await post(place, '/eval', { expression, reason: REASON }, 'all');
      assert.equal(json(opened)['outcome'], 'timeout');
      const session = (json(opened)['session'] as { id: string }).id;
      const next = await post(place, '/eval', { expression: '1', session }, 'all', true);
      assert.equal(next.status, 429);
      assert.ok(Number(next.headers.get('retry-after')) >= 1);
    });

    it('need the scope eval, which no other scope contains', async () => {
      for (const scope of SCOPES.filter((one) => one !== 'eval')) {
        const response = await post(place, '/eval', { expression: '1', reason: REASON }, scope);
        assert.equal(response.status, 403, scope);
        assert.match(response.headers.get('www-authenticate') ?? '', /scope="eval"/);
      }
      for (const scope of SCOPES.filter((one) => one !== 'read'))
        assert.equal((await post(place, '/probes/handles', {}, scope)).status, 403, scope);
    });
  });

  it(`In ${where}, expressions do not exist while they are off`, async () => {
    const place = await open(await partsOf('off'));
    const response = await post(place, '/eval', { expression: '1', reason: REASON });
    assert.equal(response.status, 404);
    assert.equal(response.body, (await post(place, '/nothing', {})).body);
    await place.close();
  });

  it(`In ${where}, nothing is evaluated or counted while the audit log cannot be written`, async () => {
    const place = await open({ ...(await partsOf('read-only')), audited: async () => 'the disk is full' });
    for (const [path, body] of [
      ['/eval', { expression: '1', reason: REASON }],
      ['/probes/live', { className: 'Order' }],
    ] as const)
      assert.equal((await post(place, path, body)).status, 503);
    await place.close();
  });

  it(`In ${where}, the mode full needs its scope`, async () => {
    const place = await open(await partsOf('full'));
    const order = {
      expression: 'history.added = 1',
      reason: REASON,
      mode: 'full',
      secondReason: 'the map must shrink',
    };
    const refused = await post(place, '/eval', order, 'eval');
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /scope="eval:full"/);
    assert.equal('added' in history, false);
    assert.equal(json(await post(place, '/eval', order, 'all'))['preview'], '1');
    Reflect.deleteProperty(history, 'added');
    await place.close();
  });
}
