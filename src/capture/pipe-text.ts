import { Socket } from 'node:net';

/**
 * What a child writes into a pipe until it ends. Of a text that is longer than `most` not all is read. Read as a pipe, since
 * reading it as a file would hold a thread of libuv's pool.
 */
export function readPipeText(readFd: number, most: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = new Socket({ fd: readFd, readable: true, writable: false });
    socket.setEncoding('utf8');
    socket.unref();
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > most) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}
