import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { isAlive, unavailable, withService } from './service.js';

/** A client that only listens. */
class Client {
  readonly socket: Socket;
  heard = '';
  error = '';
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (text) => {
      this.heard += String(text);
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = String(error.code);
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }
}

describe('Connections that a service closes in the midst of a capture', { skip: unavailable }, () => {
  it('are closed for their clients at once, and the port is free', async () => {
    await withService('closing-server', {}, async (service) => {
      const { port } = await service.said<{ port: number }>('port');
      const clients: Client[] = [];
      // One after the other, so that the server's order is ours.
      for (let count = 0; count < 3; count++) {
        const client = new Client(port);
        clients.push(client);
        await eventually('it is connected', () => !client.socket.connecting);
      }
      const { closed: childPid } = await service.said<{ closed: number }>('closed');
      await eventually('all clients hear of it', () => clients.every(({ closed }) => closed));
      const late = new Client(port);
      await eventually('nobody listens there any more', () => late.closed);
      assert.ok(isAlive(childPid), 'the capture was still going on');
      const heard = clients.map(({ heard, error }) => [heard, error]);
      assert.deepEqual(heard, [
        ['', ''],
        ['last words', ''],
        ['', 'ECONNRESET'],
      ]);
      assert.equal(late.error, 'ECONNREFUSED');
      service.tell('let it go');
      await service.report();
    });
  });
});
