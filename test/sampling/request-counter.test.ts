import assert from 'node:assert/strict';
import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RequestCounter, trafficOf } from '../../src/sampling/request-counter.js';

const NODE_MAJOR = Number(process.versions.node.split('.')[0]);

describe('the request counter', () => {
  it('counts what a real server begins to serve between start and stop', async (t) => {
    const server = createServer((_request, response) => response.end('done'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ask = async (): Promise<void> => {
      await (await fetch(url, { headers: { connection: 'close' } })).text();
    };
    const counter = new RequestCounter();
    await ask();
    assert.equal(counter.counts.requests, 0);
    counter.start();
    counter.start();
    await ask();
    await ask();
    assert.equal(counter.counts.requests, 2);
    counter.stop();
    counter.stop();
    await ask();
    assert.equal(counter.counts.requests, 2);
    assert.equal(hasSubscribers('http.server.request.start'), false);
    counter.start();
    await ask();
    assert.equal(counter.counts.requests, 3);
    counter.stop();
  });

  it('counts HTTP/2 streams if Node reports them, and ignores the servers it should ignore', async (t) => {
    const server = createHttp2Server((_request, response) => response.end('done'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => session.close());
    const counter = new RequestCounter();
    counter.start();
    t.after(() => counter.stop());
    for (let i = 0; i < 3; i++) {
      const stream = session.request({ ':path': '/' });
      stream.resume();
      await once(stream, 'end');
    }
    const told = NODE_MAJOR >= 22 ? 3 : 0;
    assert.deepEqual([counter.counts.requests, counter.counts.outgoingRequests], [told, told]);
  });

  it('counts outgoing requests of node:http and of fetch, and worker threads', async (t) => {
    const server = createServer((_request, response) => response.end('done'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const counter = new RequestCounter(() => true);
    counter.start();
    t.after(() => counter.stop());
    await (await fetch(url, { headers: { connection: 'close' } })).text();
    const [answer] = await once(get(url, { agent: false }), 'response');
    answer.resume();
    await once(answer, 'end');
    const worker = new Worker('1', { eval: true });
    await once(worker, 'exit');
    assert.deepEqual(counter.counts, { requests: 0, outgoingRequests: 2, workersStarted: 1 });
  });
});

describe('Traffic', () => {
  it('is the requests a process serves, or those it makes if it serves none', () => {
    assert.equal(trafficOf({ requests: 0, outgoingRequests: 7 }), 7);
    assert.equal(trafficOf({ requests: 3, outgoingRequests: 7 }), 3);
  });
});
