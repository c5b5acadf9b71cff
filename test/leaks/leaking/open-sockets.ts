/** A connection to the mail server for every message, and none is ever closed. */
import { type AddressInfo, connect, createServer } from 'node:net';
import { prose, repeat } from '../load.js';

const mailServer = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write('250 ok\r\n'));
});

function sendMail(port: number, index: number): void {
  const message = { to: `user-${index}@example.com`, body: prose(8000, index), sent: false };
  const socket = connect(port, '127.0.0.1', () => socket.write(`MAIL ${message.to}\r\n`));
  socket.on('error', () => {});
  socket.on('data', () => {
    message.sent = true;
  });
}

mailServer.listen(0, '127.0.0.1', () => {
  const { port } = mailServer.address() as AddressInfo;
  repeat(12, (index) => sendMail(port, index));
});
