import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { grantOf, type TokenGrant } from '../../src/access/token-grant.js';
import type { OpsActs } from '../../src/http/acts.js';
import type { OperationResult, OperationWork } from '../../src/operations/operation.js';
import { Operations } from '../../src/operations/operations.js';
import { issueToken } from '../../src/options/tokens.js';
import { finding } from '../report/report-fixture.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  authenticatorOf,
  bearer,
  exchange,
  memoryLogger,
  PLACES,
  type RawResponse,
  raw,
  TOKEN,
} from './ops-fixture.js';

const ACT_TOKEN = issueToken();
const ALL_TOKEN = issueToken();
const TOKENS: readonly TokenGrant[] = [
  grantOf(TOKEN),
  grantOf(ACT_TOKEN, { scopes: ['act', 'read'] }),
  grantOf(ALL_TOKEN, { scopes: ['act', 'read', 'profile'] }),
];
const ID = finding().id;

/** Work that ends when the test says so, or when it is cancelled. */
function openWork() {
  let end: (result: OperationResult) => void = () => {};
  const work: OperationWork = ({ signal, progress }) => {
    progress('capturing', 0, { number: 1, of: 2 });
    return new Promise((resolve) => {
      end = resolve;
      signal.addEventListener('abort', () => resolve({ value: null }));
    });
  };
  return { work, end: (result: OperationResult) => end(result) };
}

/** The endpoint in one place, whose operations, time and acts belong to the test. */
class Bench {
  readonly clock = new ManualClock();
  readonly operations = new Operations(this.clock, memoryLogger());
  readonly decisions: unknown[] = [];
  readonly scans: unknown[] = [];
  acts: Partial<OpsActs> = {};
  readonly #opened: ReturnType<(typeof PLACES)[string]>;

  constructor(open: (typeof PLACES)[string]) {
    const acts: OpsActs = {
      scan: (...asked) => {
        this.scans.push(asked);
        return this.acts.scan?.(...asked) ?? { outcome: 'refused', detail: 'No memory.' };
      },
      collect: () => this.acts.collect?.() ?? { outcome: 'refused', detail: 'Too long.' },
      decide: (id, decided) => {
        this.decisions.push(decided);
        return id === ID ? finding({ muted: decided.muted === true }) : null;
      },
    };
    this.#opened = open({ operations: this.operations, acts, authenticator: authenticatorOf(TOKENS) });
  }

  begin(work: OperationWork): string {
    const order = {
      kind: 'scan',
      principal: 'token-1',
      requestId: 'r-1',
      request: '',
      expectedMs: 9_000,
      coolDownMs: 0,
    };
    return this.operations.begin({ ...order, kind: 'scan' }, work).operation.id;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    token = ACT_TOKEN,
    headers: readonly string[] = [],
  ) {
    const { port } = await this.#opened;
    const text = body === undefined ? '' : JSON.stringify(body);
    const about =
      body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${text.length}`];
    return await exchange(port, raw(path, [bearer(token), ...about, ...headers], method) + text);
  }

  async port(): Promise<number> {
    return (await this.#opened).port;
  }

  async close(): Promise<void> {
    await this.operations.stop();
    await (await this.#opened).close();
  }
}

/** What a scan finds. */
const SCANNED = {
  summary: 'Nothing grew.',
  warmingUp: false,
  endedBy: null,
  graphs: 2,
  captures: [],
  findings: [],
};

const codeOf = (answer: RawResponse): unknown => JSON.parse(answer.body).code;

for (const [name, open] of Object.entries(PLACES)) {
  const using = (title: string, work: (bench: Bench) => Promise<void>) =>
    test(title, async () => {
      const bench = new Bench(open);
      try {
        await work(bench);
      } finally {
        await bench.close();
      }
    });

  describe(`Long work in ${name}`, () => {
    using('is accepted with 202, and its Location is the operation', async (bench) => {
      const { work, end } = openWork();
      const order = { kind: 'scan', request: '', expectedMs: 9_000, coolDownMs: 0 } as const;
      bench.acts = { scan: (_input, asked) => bench.operations.begin({ ...order, ...asked }, work) };
      const begun = await bench.send('POST', '/ops/leaks/scan', { captures: 2, spacingSeconds: 5 });
      assert.equal(begun.status, 202);
      const operation = JSON.parse(begun.body);
      const location = begun.headers.get('location') ?? '';
      assert.equal(location, `/ops/operations/${operation.id}`);
      assert.equal(operation.requestId, begun.headers.get('x-request-id'));
      assert.match(operation.principal, /^token-/);
      assert.deepEqual(bench.scans, [
        [
          { captures: 2, spacingSeconds: 5 },
          { principal: operation.principal, requestId: operation.requestId },
        ],
      ]);
      const running = JSON.parse((await bench.send('GET', location)).body);
      assert.deepEqual(
        [running.state, running.endedAt, running.result, running.error],
        ['running', null, null, null],
      );
      assert.deepEqual(running.progress, { step: 'capturing', part: 0, round: { number: 1, of: 2 } });
      // The client of the POST is gone long since.
      end({ value: SCANNED });
      const ended = await eventually('the end', async () => {
        const now = JSON.parse((await bench.send('GET', location)).body);
        return now.state === 'running' ? null : now;
      });
      assert.deepEqual([ended.state, ended.result], ['succeeded', SCANNED]);
      assert.ok(ended.endedAt !== null);
    });

    using(
      'is joined, or answered 429 with Retry-After and the Location of what is in the way',
      async (bench) => {
        const { work } = openWork();
        const order = { kind: 'scan', expectedMs: 9_000, coolDownMs: 0 } as const;
        bench.acts = {
          scan: (input, asked) =>
            bench.operations.begin({ ...order, ...asked, request: JSON.stringify(input) }, work),
        };
        const first = await bench.send('POST', '/ops/leaks/scan', { captures: 2 });
        const same = await bench.send('POST', '/ops/leaks/scan', { captures: 2 });
        assert.equal(same.status, 202);
        assert.equal(same.headers.get('location'), first.headers.get('location'));
        const other = await bench.send('POST', '/ops/leaks/scan', { captures: 3 });
        assert.equal(other.status, 429);
        assert.equal(codeOf(other), 'LEAKWATCH_ERR_BUSY');
        assert.equal(other.headers.get('retry-after'), '9');
        assert.equal(other.headers.get('location'), first.headers.get('location'));
      },
    );

    using('is refused with 503 and the numbers of the limit', async (bench) => {
      const refused = await bench.send('POST', '/ops/leaks/scan');
      assert.equal(refused.status, 503);
      assert.equal(codeOf(refused), 'LEAKWATCH_ERR_REFUSED');
      assert.equal(JSON.parse(refused.body).detail, 'No memory.');
      assert.deepEqual(
        bench.scans.map((asked) => (asked as unknown[])[0]),
        [{ captures: 3, spacingSeconds: 10 }],
      );
    });

    using('is not begun with input that is out of bounds, or without the scope', async (bench) => {
      for (const body of [
        { captures: 0 },
        { captures: 7 },
        { captures: 1.5 },
        { spacingSeconds: 0 },
        { more: 1 },
        [],
      ])
        assert.equal((await bench.send('POST', '/ops/leaks/scan', body)).status, 400, JSON.stringify(body));
      assert.equal((await bench.send('POST', '/ops/leaks/scan', {}, TOKEN)).status, 403);
      assert.equal((await bench.send('POST', '/ops/gc', undefined, TOKEN)).status, 403);
      assert.equal((await bench.send('PATCH', `/ops/leaks/${ID}`, { muted: true }, TOKEN)).status, 403);
      assert.deepEqual([bench.scans, bench.decisions], [[], []]);
    });

    using('answers a client that waits as soon as it ends', async (bench) => {
      const { work, end } = openWork();
      const id = bench.begin(work);
      const waiting = bench.send('GET', `/ops/operations/${id}?waitSeconds=25`);
      // As another client sees it, it still runs.
      assert.equal(JSON.parse((await bench.send('GET', `/ops/operations/${id}`)).body).state, 'running');
      end({ value: SCANNED });
      assert.deepEqual(JSON.parse((await waiting).body).result, SCANNED);
    });

    using('answers a client that waits when its time is over', async (bench) => {
      const id = bench.begin(openWork().work);
      const waiting = bench.send('GET', `/ops/operations/${id}?waitSeconds=5`);
      let answered = false;
      void waiting.then(() => {
        answered = true;
      });
      await eventually('the answer', () => {
        bench.clock.advance(1_000);
        return answered;
      });
      assert.equal(JSON.parse((await waiting).body).state, 'running');
      assert.equal((await bench.send('GET', `/ops/operations/${id}?waitSeconds=26`)).status, 400);
    });

    using('frees the place of a client that goes away while it waits', async (bench) => {
      const id = bench.begin(openWork().work);
      const places = () => {
        const left = new AbortController();
        setMaxListeners(0, left.signal);
        let free = 0;
        while (bench.operations.wait(id, 60_000, left.signal) !== null) free += 1;
        left.abort();
        return free;
      };
      const all = places();
      const socket = connect(await bench.port(), '127.0.0.1');
      socket.write(raw(`/ops/operations/${id}?waitSeconds=25`, [bearer(ACT_TOKEN)]));
      await eventually('its wait', () => places() === all - 1);
      socket.destroy();
      await eventually('its leaving', () => places() === all);
      assert.equal(bench.operations.find(id)?.state, 'running');
    });

    using('answers 429 when too many clients wait', async (bench) => {
      const id = bench.begin(openWork().work);
      const never = new AbortController();
      setMaxListeners(0, never.signal);
      while (bench.operations.wait(id, 60_000, never.signal) !== null);
      const refused = await bench.send('GET', `/ops/operations/${id}?waitSeconds=25`);
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('retry-after'), '1');
      never.abort();
    });

    using('is cancelled by DELETE, once', async (bench) => {
      const id = bench.begin(openWork().work);
      assert.equal((await bench.send('DELETE', `/ops/operations/${id}`, undefined, TOKEN)).status, 403);
      const cancelled = await bench.send('DELETE', `/ops/operations/${id}`);
      assert.equal(cancelled.status, 200);
      assert.equal(JSON.parse(cancelled.body).state, 'cancelled');
      const again = await bench.send('DELETE', `/ops/operations/${id}`);
      assert.equal(again.status, 409);
      assert.equal(codeOf(again), 'LEAKWATCH_ERR_OPERATION_ENDED');
    });

    using('that failed says why, by its code', async (bench) => {
      const id = bench.begin(async () => ({
        error: { code: 'LEAKWATCH_ERR_REFUSED', detail: 'No memory.' },
      }));
      const failed = await bench.send('GET', `/ops/operations/${id}?waitSeconds=25`);
      const { state, error } = JSON.parse(failed.body);
      assert.equal(state, 'failed');
      assert.deepEqual(error, {
        code: 'LEAKWATCH_ERR_REFUSED',
        title: 'Refused to protect the service.',
        detail: 'No memory.',
      });
    });

    using('is unknown by any other id', async (bench) => {
      const ids = [
        'op-0000000000000000',
        '..%2f..%2fetc%2fpasswd',
        '%00',
        'constructor',
        '3f2b8c1e-0000-4000-8000-000000000000',
      ];
      for (const id of ids) {
        for (const [method, path] of [
          ['GET', id],
          ['DELETE', id],
          ['GET', `${id}/file`],
        ] as const) {
          const answer = await bench.send(method, `/ops/operations/${path}`, undefined, ALL_TOKEN);
          assert.equal(answer.status, 404, `${method} ${path}`);
          assert.equal(codeOf(answer), 'LEAKWATCH_ERR_NOT_FOUND');
        }
      }
    });

    using('hands out its files by media type', async (bench) => {
      const file = (mediaType: string, filename: string) => ({
        mediaType,
        filename,
        bytes: async () => new Uint8Array(Buffer.from(`of ${filename}`)),
      });
      const files = [
        file('application/octet-stream', 'cpu.pb.gz'),
        file('application/json', 'app.cpuprofile'),
      ];
      const id = bench.begin(async () => ({ value: null, files, heldBytes: 10 }));
      const get = (accept: string) =>
        bench.send('GET', `/ops/operations/${id}/file`, undefined, ALL_TOKEN, [`Accept: ${accept}`]);
      const any = await get('*/*');
      assert.equal(any.body, 'of cpu.pb.gz');
      assert.equal(any.headers.get('content-type'), 'application/octet-stream');
      assert.equal(any.headers.get('content-disposition'), 'attachment; filename="cpu.pb.gz"');
      assert.equal((await get('application/json')).body, 'of app.cpuprofile');
      assert.equal((await get('image/png')).status, 406);
      const read = await bench.send('GET', `/ops/operations/${id}`);
      assert.deepEqual(JSON.parse(read.body).files, [
        { mediaType: 'application/octet-stream', filename: 'cpu.pb.gz' },
        { mediaType: 'application/json', filename: 'app.cpuprofile' },
      ]);
      const without = bench.begin(async () => ({ value: null }));
      const none = await bench.send('GET', `/ops/operations/${without}/file`, undefined, ALL_TOKEN);
      assert.equal(none.status, 409);
      assert.equal(codeOf(none), 'LEAKWATCH_ERR_NO_FILE');
    });
  });

  describe(`Acts in ${name}`, () => {
    using('run a GC, or say what is in the way', async (bench) => {
      const size = (usedBytes: number) => ({ usedBytes, spaces: { old_space: usedBytes } });
      const value = {
        at: '2026-01-01T00:00:00.000Z',
        pauseMs: 40,
        freedBytes: 5,
        before: size(15),
        after: size(10),
      };
      bench.acts = { collect: () => ({ outcome: 'collected', value }) };
      const done = await bench.send('POST', '/ops/gc');
      assert.equal(done.status, 200);
      assert.deepEqual(JSON.parse(done.body), value);
      bench.acts = { collect: () => ({ outcome: 'busy', detail: 'Just now.', retryAfterMs: 8_200 }) };
      const early = await bench.send('POST', '/ops/gc');
      assert.deepEqual(
        [early.status, codeOf(early), early.headers.get('retry-after')],
        [429, 'LEAKWATCH_ERR_BUSY', '9'],
      );
      bench.acts = {};
      const refused = await bench.send('POST', '/ops/gc');
      assert.deepEqual([refused.status, codeOf(refused)], [503, 'LEAKWATCH_ERR_REFUSED']);
    });

    using('decide about a finding, for a reason', async (bench) => {
      const body = { muted: true, reason: 'fixed in the next release' };
      const decided = await bench.send('PATCH', `/ops/leaks/${ID}`, body);
      assert.equal(decided.status, 200);
      assert.deepEqual(JSON.parse(decided.body), finding({ muted: true }));
      const [order] = bench.decisions as { by: string }[];
      assert.match(order?.by ?? '', /^token-[0-9a-f]{8}$/);
      assert.deepEqual({ ...order, by: '' }, { ...body, by: '' });
      assert.equal((await bench.send('PATCH', '/ops/leaks/lw-00000000000000ff', body)).status, 404);
      for (const wrong of [
        { muted: true },
        { reason: body.reason },
        { ...body, reason: 'short' },
        { ...body, muted: 1 },
      ])
        assert.equal(
          (await bench.send('PATCH', `/ops/leaks/${ID}`, wrong)).status,
          400,
          JSON.stringify(wrong),
        );
    });
  });
}
