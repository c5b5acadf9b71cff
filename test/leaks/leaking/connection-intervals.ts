/** A heartbeat for every connection, which goes on when the connection is gone. */

import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { prose, repeat } from '../load.js';

const server = createServer((socket) => {
  const peer = { name: `${socket.remotePort}`, missed: 0, greeting: prose(12_000, socket.remotePort ?? 0) };
  setInterval(() => {
    peer.missed += 1;
    if (socket.writable) socket.write('ping\n');
  }, 15_000);
  socket.on('data', () => {
    peer.missed = 0;
  });
  socket.on('error', () => {});
  socket.write('hello\n');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  repeat(10, () => {
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.once('data', () => client.end());
  });
});
