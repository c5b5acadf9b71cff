import assert from 'node:assert/strict';
import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { RequestCounter } from '../../src/sampling/request-counter.js';

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
    assert.equal(counter.count, 0);
    counter.start();
    counter.start();
    await ask();
    await ask();
    assert.equal(counter.count, 2);
    counter.stop();
    counter.stop();
    await ask();
    assert.equal(counter.count, 2);
    assert.equal(hasSubscribers('http.server.request.start'), false);
    counter.start();
    await ask();
    assert.equal(counter.count, 3);
    counter.stop();
  });
});
