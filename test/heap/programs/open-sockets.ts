import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** Both ends are in this process, and nobody ever closes one. */
const server = createServer((socket) => {
  socket.on('data', () => {});
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

export async function handle(index: number): Promise<void> {
  if (index % 10 !== 0) return;
  const accepted = once(server, 'connection');
  await Promise.all([once(connect(port, '127.0.0.1'), 'connect'), accepted]);
}
