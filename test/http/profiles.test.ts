import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { grantOf } from '../../src/access/token-grant.js';
import type { OpsProfiles } from '../../src/http/profiles.js';
import { Operations } from '../../src/operations/operations.js';
import { issueToken } from '../../src/options/tokens.js';
import { cpuRecorder } from '../../src/profiles/cpu-recorder.js';
import { Profiles } from '../../src/profiles/profiles.js';
import { systemClock } from '../../src/runtime/clock.js';
import type { OwnSamples } from '../../src/sampling/allocation-profiler.js';
import { eventually } from '../support/eventually.js';
import { fetchChecked } from '../support/openapi-check.js';
import { readPprof } from '../support/pprof.js';
import { authenticatorOf, memoryLogger, PLACES, TOKEN } from './ops-fixture.js';

const PROFILE_TOKEN = issueToken();
const AUTHENTICATOR = authenticatorOf([
  grantOf(TOKEN),
  grantOf(PROFILE_TOKEN, { scopes: ['profile', 'read', 'act'] }),
]);

/** One function that holds 64 objects of 64 bytes. */
const SAMPLES: OwnSamples = {
  profile: {
    head: {
      id: 1,
      callFrame: { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
      selfSize: 0,
      children: [
        {
          id: 2,
          callFrame: {
            functionName: 'leak',
            scriptId: '9',
            url: 'file:///app/leak.js',
            lineNumber: 6,
            columnNumber: 0,
          },
          selfSize: 4096,
          children: [],
        },
      ],
    },
    samples: [{ ordinal: 1, size: 4096, nodeId: 2 }],
  },
  objectBytes: new Map([[2, 64]]),
  intervalBytes: 4096,
  sinceMs: 0,
};

/** Profiles of these samples, and of this process' CPU. */
function bench(samples: () => OwnSamples | { readonly refused: string } = () => SAMPLES) {
  const operations = new Operations(systemClock, memoryLogger());
  const origin = { pid: 1, threadId: 0, nodeVersion: 'v20.0.0', packageVersion: '1.0.0' };
  const parts = { sites: { samples }, cpu: cpuRecorder, clock: systemClock, operations, origin };
  const profiles: OpsProfiles = new Profiles({ ...parts, pauseBudgetMs: 60_000, paused: () => {} });
  return { operations, profiles, authenticator: AUTHENTICATOR };
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  json(): Readonly<Record<string, unknown>>;
}

async function using(
  open: (typeof PLACES)[string],
  changes: ReturnType<typeof bench>,
  work: (
    send: (method: string, path: string, accept?: string, token?: string) => Promise<Got>,
  ) => Promise<void>,
): Promise<void> {
  const place = await open(changes);
  try {
    await work(async (method, path, accept, token = PROFILE_TOKEN) => {
      const headers = { authorization: `Bearer ${token}`, ...(accept === undefined ? {} : { accept }) };
      const response = await fetchChecked(`http://127.0.0.1:${place.port}/ops${path}`, { method, headers });
      const bytes = Buffer.from(await response.arrayBuffer());
      return {
        status: response.status,
        headers: response.headers,
        bytes,
        json: () => JSON.parse(bytes.toString()),
      };
    });
  } finally {
    await changes.operations.stop();
    await place.close();
  }
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(`Profiles in ${name}`, () => {
    test('are scraped as from Go: gzipped pprof as octets, whatever the query', async () => {
      await using(open, bench(), async (send) => {
        for (const path of ['', '?seconds=30', '?debug=0&gc=1']) {
          const got = await send('GET', `/profile/heap${path}`);
          assert.equal(got.status, 200);
          assert.equal(got.headers.get('content-type'), 'application/octet-stream');
          assert.equal(got.headers.get('content-encoding'), null);
          assert.match(
            got.headers.get('content-disposition') ?? '',
            /^attachment; filename="heap-1-\d{8}T\d{6}Z\.pb\.gz"$/,
          );
          const { types, samples } = readPprof(got.bytes);
          assert.deepEqual(types, ['inuse_objects/count', 'inuse_space/bytes']);
          assert.deepEqual(
            samples.map(({ stack, values }) => ({ stack, values })),
            [{ stack: ['leak /app/leak.js:7'], values: [64, 4096] }],
          );
        }
        const head = await send('HEAD', '/profile/heap');
        assert.deepEqual([head.status, head.bytes.length], [200, 0]);
      });
    });

    test("come in V8's own format to who prefers it", async () => {
      await using(open, bench(), async (send) => {
        for (const type of ['application/json', 'application/vnd.v8.heapprofile+json']) {
          const got = await send('GET', '/profile/heap', type);
          assert.equal(got.headers.get('content-type'), type);
          assert.match(got.headers.get('content-disposition') ?? '', /\.heapprofile"$/);
          assert.deepEqual(got.json(), SAMPLES.profile);
        }
        assert.equal((await send('GET', '/profile/heap', 'text/html')).status, 406);
      });
    });

    test('of the CPU are recorded, one at a time, and downloaded', async () => {
      await using(open, bench(), async (send) => {
        const begun = await send('POST', '/profile/cpu?seconds=1');
        assert.equal(begun.status, 202);
        const location = begun.headers.get('location')!.replace('/ops', '');
        const joined = await send('POST', '/profile/cpu?seconds=1');
        assert.deepEqual([joined.status, joined.headers.get('location')], [202, `/ops${location}`]);
        const other = await send('POST', '/profile/cpu?seconds=2');
        assert.equal(other.status, 429);
        assert.ok(Number(other.headers.get('retry-after')) >= 1);
        assert.equal((await send('GET', `${location}/file`)).status, 409);
        const ended = await eventually('the end of the profile', async () => {
          const operation = (await send('GET', location)).json();
          return operation['state'] === 'running' ? null : operation;
        });
        const { state, kind, result, files } = ended;
        assert.deepEqual([state, kind], ['succeeded', 'cpu-profile']);
        assert.equal((result as { seconds: number }).seconds, 1);
        assert.deepEqual(
          (files as { mediaType: string }[]).map(({ mediaType }) => mediaType),
          ['application/octet-stream', 'application/vnd.v8.cpuprofile+json', 'application/json'],
        );
        assert.deepEqual(readPprof((await send('GET', `${location}/file`)).bytes).types, [
          'samples/count',
          'cpu/nanoseconds',
        ]);
        const v8 = await send('GET', `${location}/file`, 'application/json');
        assert.deepEqual(Object.keys(v8.json()), ['nodes', 'startTime', 'endTime', 'samples', 'timeDeltas']);
        assert.equal((await send('POST', '/profile/cpu?seconds=1')).status, 429, 'it ended just now');
      });
    });

    test('end when they are cancelled', async () => {
      await using(open, bench(), async (send) => {
        for (const kind of ['cpu', 'heap']) {
          const begun = await send('POST', `/profile/${kind}?seconds=120`);
          const location = begun.headers.get('location')!.replace('/ops', '');
          assert.equal((await send('DELETE', location)).json()['state'], 'cancelled');
          assert.equal((await send('GET', `${location}/file`)).status, 409);
        }
      });
    });

    test('are refused with the reason where they would disturb the service', async () => {
      const refusing = bench(() => ({ refused: 'another profiler holds the slot' }));
      await using(open, refusing, async (send) => {
        for (const method of ['GET', 'POST']) {
          const got = await send(method, '/profile/heap');
          assert.equal(got.status, 503);
          assert.equal(got.json()['code'], 'LEAKWATCH_ERR_REFUSED');
          assert.equal(got.json()['detail'], 'another profiler holds the slot');
        }
      });
    });

    test('need their scope and a length from 1 to 120 s', async () => {
      await using(open, bench(), async (send) => {
        for (const [method, path] of [
          ['GET', '/profile/heap'],
          ['POST', '/profile/heap'],
          ['POST', '/profile/cpu'],
        ] as const)
          assert.equal((await send(method, path, undefined, TOKEN)).status, 403);
        for (const seconds of ['0', '121', '-1', '1e9', 'NaN', '5;rm', '1.5', ''])
          for (const kind of ['cpu', 'heap']) {
            const got = await send('POST', `/profile/${kind}?seconds=${encodeURIComponent(seconds)}`);
            assert.equal(got.status, 400, seconds);
            assert.match(String(got.json()['detail']), /^query\.seconds: /);
          }
      });
    });
  });
}

test('a profile that was kept compressed is served whole', async () => {
  const { profiles, operations } = bench();
  const began = profiles.record('heap', 1, { principal: 'p', requestId: 'r' });
  assert.ok(began.outcome === 'began');
  const { id } = began.operation;
  const { files } = await eventually('the end of the profile', () => {
    const operation = operations.find(id);
    return operation?.state === 'succeeded' ? operation : null;
  });
  const [pprof, v8] = await Promise.all(files.slice(0, 2).map((file) => file.bytes()));
  assert.equal(gunzipSync(pprof!)[0]! & 7, 2, 'a field of profile.proto');
  assert.deepEqual(JSON.parse(Buffer.from(v8!).toString()).samples, [], 'nothing was allocated meanwhile');
  await operations.stop();
});
