/** Destroys and ends connections while a capture is held, and says when. */
import { createServer, type Socket } from 'node:net';
import { eventually } from '../../support/eventually.js';
import { holdCapture, say, smallObjects } from '../captures.js';

const kept = smallObjects(30_000);
const accepted: Socket[] = [];
const server = createServer((socket) => {
  accepted.push(socket);
  socket.on('error', () => {});
}).listen(0, '127.0.0.1');
await eventually('it listens', () => server.listening);
say({ port: (server.address() as { port: number }).port });
await eventually('all have come', () => accepted.length === 3);
const held = await holdCapture();
const [destroyed, ended, reset] = accepted;
destroyed?.destroy();
ended?.end('last words');
reset?.resetAndDestroy();
server.close();
say({ closed: held.childPid, kept: kept.length });
process.stdin.once('data', () => held.letGo());
await held.ended;
process.stdin.destroy();
say({ over: true });
