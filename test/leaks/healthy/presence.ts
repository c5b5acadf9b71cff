/** Connections that climb for a minute, and then one leaves for each that comes. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { prose, repeat } from '../load.js';

const ENOUGH = 400;

interface Present {
  readonly since: Date;
  readonly profile: string;
}

const online = new Map<Socket, Present>();
const server = createServer((socket) => {
  online.set(socket, { since: new Date(), profile: prose(12_000, online.size) });
  socket.on('close', () => online.delete(socket));
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const clients: Socket[] = [];
  repeat(7, () => {
    if (clients.length >= ENOUGH) clients.shift()?.destroy();
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    clients.push(client);
  });
});
