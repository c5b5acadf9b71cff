import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Authenticator } from '../../src/access/authenticator.js';
import { Limits, MAX_FAILURES } from '../../src/access/limits.js';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { MAX_CONNECTIONS } from '../../src/http/connections.js';
import { openListener } from '../../src/http/listener.js';
import type { OpsHandler, OwnListener } from '../../src/http/ops-dependencies.js';
import { parseListenAddress } from '../../src/options/listen-address.js';
import { issueToken } from '../../src/options/tokens.js';
import { report } from '../report/report-fixture.js';
import { eventually } from '../support/eventually.js';
import {
  bearer,
  exchange,
  generousLimits,
  memoryLogger,
  ownListener,
  PLACES,
  type Place,
  raw,
  TOKEN,
  transfer,
  using,
} from './ops-fixture.js';

const WRONG = bearer(issueToken());
const KEPT = (headers: readonly string[]) => raw('/ops/leaks', headers).replace('Connection: close\r\n', '');

/** An open connection, and whether the server has closed it. */
class Client {
  readonly socket: Socket;
  closed = false;
  received = '';

  private constructor(port: number, localAddress: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open(port: number, bytes = '', localAddress = '127.0.0.1'): Promise<Client> {
    const client = new Client(port, localAddress);
    await once(client.socket, 'connect');
    if (bytes !== '') client.socket.write(bytes);
    return client;
  }

  /** Statuses of the responses so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  }

  async answered(status: number): Promise<this> {
    await eventually('the response', () => this.statuses.at(-1) === status);
    return this;
  }
}

async function opened(count: number, port: number, bytes = '', localAddress?: string): Promise<Client[]> {
  const clients: Client[] = [];
  for (let index = 0; index < count; index++) clients.push(await Client.open(port, bytes, localAddress));
  return clients;
}

const closedOf = (clients: readonly Client[]) => clients.filter(({ closed }) => closed).length;

/** An own listener in front of this handler. */
async function listenerWith(handle: (own: OwnListener) => OpsHandler): Promise<Place> {
  const listener = await openListener({
    listen: parseListenAddress('127.0.0.1:0'),
    allowedHosts: [],
    tls: null,
    loadRouter: handle,
    limits: generousLimits(),
    logger: memoryLogger(),
  });
  return { port: Number(new URL(listener.address).port), close: () => listener.close() };
}

describe('on the own listener', () => {
  test('200 silent connections leave no more open than the limit, and a valid token is served throughout', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      const silent: Client[] = [];
      for (let count = 0; count < 10; count++) {
        silent.push(...(await opened(20, port)));
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
      }
      await eventually(
        'the silent connections beyond the limit are closed',
        () => closedOf(silent) >= silent.length - MAX_CONNECTIONS,
      );
      for (const { socket } of silent) socket.destroy();
    });
  });

  test('while 200 silent connections come again as soon as they are closed, a client that hesitates is served', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      let isOver = false;
      const open = new Set<Socket>();
      const loop = (): void => {
        const socket = connect(port, '127.0.0.1');
        open.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          open.delete(socket);
          if (!isOver) setImmediate(loop);
        });
      };
      for (let count = 0; count < 200; count++) loop();
      for (let count = 0; count < 5; count++) {
        const client = await Client.open(port);
        await new Promise((resolve) => setTimeout(resolve, 50));
        client.socket.write(KEPT([bearer()]));
        await client.answered(200);
        client.socket.destroy();
      }
      isOver = true;
      for (const socket of open) socket.destroy();
    });
  });

  test('a connection with a valid token stays open while silent and refused ones are closed for new ones', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      const proven = await (await Client.open(port, KEPT([bearer()]))).answered(200);
      const others = await opened(3 * MAX_CONNECTIONS, port);
      await eventually('silent connections are closed', () => closedOf(others) > MAX_CONNECTIONS);
      proven.socket.write(KEPT([bearer()]));
      await eventually('the second response', () => isDeepStrictEqual(proven.statuses, [200, 200]));
      for (const { socket } of [proven, ...others]) socket.destroy();
    });
  });

  test('refused connections are closed before silent ones, and the longest silent before others', async () => {
    await using(ownListener(), async (port) => {
      const silent = await opened(MAX_CONNECTIONS - 10, port);
      const refused = await Promise.all(
        (await opened(10, port, KEPT([WRONG]))).map((client) => client.answered(401)),
      );
      const first = await opened(10, port);
      await eventually('the refused connections are closed', () => closedOf(refused) === 10);
      assert.equal(closedOf([...silent, ...first]), 0);
      const second = await opened(5, port);
      await eventually('the oldest silent connections are closed', () => closedOf(silent) === 5);
      assert.equal(closedOf(silent.slice(0, 5)), 5);
      assert.equal(closedOf([...first, ...second]), 0);
      for (const { socket } of [...silent, ...first, ...second]) socket.destroy();
    });
  });

  test('a client that fills the listener loses its own connections, not those of another address', {
    skip: process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8',
  }, async () => {
    await using(ownListener(), async (port) => {
      const quiet = await opened(5, port, '', '127.0.0.2');
      const greedy = await opened(2 * MAX_CONNECTIONS, port);
      await eventually('the greedy client loses connections', () => closedOf(greedy) >= MAX_CONNECTIONS + 5);
      assert.equal(closedOf(quiet), 0);
      for (const { socket } of [...quiet, ...greedy]) socket.destroy();
    });
  });

  test('while every connection works for a valid token, a new one is turned away', async () => {
    const waiting: (() => void)[] = [];
    const place = listenerWith((own) => (request, response) => {
      own.connections.judged(request.socket, true);
      waiting.push(() => void response.end('done'));
    });
    await using(place, async (port) => {
      const busy = await opened(MAX_CONNECTIONS, port, raw('/ops/leaks'));
      await eventually('every connection has a request', () => waiting.length === MAX_CONNECTIONS);
      const late = await Client.open(port, raw('/ops/leaks'));
      await eventually('the new connection is closed', () => late.closed);
      assert.equal(closedOf(busy), 0);
      for (const answer of waiting) answer();
      await eventually('every connection is answered', () =>
        busy.every(({ statuses }) => statuses[0] === 200),
      );
    });
  });

  test('thousands of pipelined requests without a valid token cost a few authentications, and end the connection', async () => {
    let asked = 0;
    class Counting extends Authenticator {
      override principalOf(request: IncomingMessage) {
        asked += 1;
        return super.principalOf(request);
      }
    }
    const authenticator = new Counting(new TokenStore([grantOf(TOKEN)], memoryLogger()));
    await using(ownListener({ limits: new Limits(), authenticator }), async (port) => {
      for (let count = 0; count <= MAX_FAILURES; count++) await exchange(port, raw('/ops/leaks', [WRONG]));
      asked = 0;
      const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const client = await Client.open(port, request.repeat(5_000));
      await eventually('the connection is closed', () => client.closed);
      assert.ok(client.statuses.length <= 1, client.statuses.join(' '));
      assert.ok(asked <= 10, `${asked} requests were authenticated`);
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
    });
  });

  test('a valid token may pipeline ten requests; a connection with more of them waiting is cut', async () => {
    await using(ownListener(), async (port) => {
      const ten = await Client.open(port, KEPT([bearer()]).repeat(10));
      await eventually('ten responses', () => isDeepStrictEqual(ten.statuses, Array(10).fill(200)));
      const hundred = await Client.open(port, KEPT([bearer()]).repeat(100));
      await eventually('the connection is cut', () => hundred.closed);
      assert.ok(hundred.statuses.length < 100);
      ten.socket.destroy();
    });
  });

  test('responses that a client does not read stop the reading of its requests, and all arrive once it reads', async () => {
    const findings = Array.from({ length: 50 }, () => report().findings[0]!);
    await using(ownListener({ report: () => report(findings) }), async (port) => {
      const slow = await Client.open(port);
      slow.socket.pause();
      for (let count = 0; count < 8; count++)
        slow.socket.write(KEPT([bearer(), `X-Padding: ${'x'.repeat(900)}`]));
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
      slow.socket.resume();
      await eventually('eight responses', () => isDeepStrictEqual(slow.statuses, Array(8).fill(200)));
      slow.socket.write(KEPT([bearer()]));
      await eventually('the ninth response', () => slow.statuses.length === 9);
      slow.socket.destroy();
    });
  });

  test('a body is read whole, in however many pieces it arrives', async () => {
    const place = listenerWith((own) => async (request, response) => {
      own.connections.judged(request.socket, true);
      let length = 0;
      for await (const chunk of request) length += (chunk as Buffer).length;
      response.end(String(length));
    });
    await using(place, async (port) => {
      for (const length of [1, 1_023, 1_024, 16_384, 300_000]) {
        const head = raw('/', [`Content-Length: ${length}`], 'POST');
        const whole = await transfer(port, head + 'x'.repeat(length));
        assert.equal(whole.body, String(length));
        const client = await Client.open(port, head);
        for (const part of ['x'.repeat(Math.floor(length / 2)), 'x'.repeat(Math.ceil(length / 2))]) {
          client.socket.write(part);
          await new Promise((resolve) => setImmediate(resolve));
        }
        await eventually('the length of the body', () => client.received.endsWith(`\r\n\r\n${length}`));
      }
    });
  });

  test('headers up to 16 KiB are read, and the valid token at their end counts', async () => {
    await using(ownListener(), async (port) => {
      const padding = Array.from({ length: 14 }, (_, index) => `X-Padding-${index}: ${'x'.repeat(1_000)}`);
      assert.equal((await exchange(port, raw('/ops/leaks', [...padding, bearer()]))).status, 200);
    });
  });

  test('slow headers are answered 408 and closed, and others are answered meanwhile', async () => {
    await using(ownListener(), async (port) => {
      const slow = await opened(5, port, 'GET /ops/leaks HTTP/1.1\r\nHost: local');
      const trickle = setInterval(() => {
        for (const { socket } of slow) socket.write('h');
      }, 500);
      while (closedOf(slow) < slow.length) {
        assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      clearInterval(trickle);
      for (const { statuses } of slow) assert.deepEqual(statuses, [408]);
    });
  });

  test('a client that goes away while its refusal waits leaves nothing behind', async () => {
    await using(ownListener({ limits: new Limits() }), async (port) => {
      for (let count = 0; count <= MAX_FAILURES; count++) await exchange(port, raw('/ops/leaks', [WRONG]));
      const gone = await opened(50, port, KEPT([WRONG]));
      for (const { socket } of gone) socket.resetAndDestroy();
      const responses = await Promise.all(
        Array.from({ length: 5 }, () => exchange(port, raw('/ops/leaks', [bearer()]))),
      );
      assert.deepEqual(
        responses.map(({ status }) => status),
        Array(5).fill(200),
      );
    });
  });
});

for (const [name, open] of Object.entries(PLACES)) {
  test(`in ${name} pipelined requests are answered in order, each by its own token`, async () => {
    await using(open({ limits: new Limits() }), async (port) => {
      const { bytes } = await transfer(
        port,
        KEPT([bearer()]) + KEPT([WRONG]) + raw('/ops/nothing', [bearer()]),
      );
      assert.deepEqual(bytes.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 404']);
    });
  });
}
