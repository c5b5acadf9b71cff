/** A pool of real connections that grows with the traffic of the first minute, up to its `max`. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createPool } from 'generic-pool';
import { repeatAt } from '../load.js';

const RAMP_SECONDS = 45;
const database = createServer((socket) => {
  socket.on('data', () => setTimeout(() => socket.write('row'), 400));
});
database.listen(0, '127.0.0.1', () => {
  const { port } = database.address() as AddressInfo;
  const pool = createPool<{ readonly socket: Socket; readonly receive: Buffer }>(
    {
      create: async () => {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return { socket, receive: Buffer.alloc(64 * 1024) };
      },
      destroy: async ({ socket }) => void socket.destroy(),
    },
    { max: 60, min: 2 },
  );
  repeatAt(
    (seconds) => Math.min(1, seconds / RAMP_SECONDS) * 120,
    async () => {
      if (pool.pending > 100) return;
      const connection = await pool.acquire();
      connection.socket.write('select');
      await once(connection.socket, 'data');
      await pool.release(connection);
    },
  );
});
