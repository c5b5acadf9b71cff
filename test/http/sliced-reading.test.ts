import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { feedInSlices } from '../../src/http/sliced-reading.js';
import { eventually } from '../support/eventually.js';

const BYTES = Buffer.from(Array.from({ length: 60_000 }, (_, index) => index % 251));

/** A connection with a listener as Node's parser is one, both ends of it, and what arrived. */
async function connection(parse: (slice: Buffer, socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('error', () => {});
  const slices: Buffer[] = [];
  socket.on('data', (slice) => {
    slices.push(slice);
    parse(slice, socket);
  });
  const received = () => Buffer.concat(slices);
  const close = () => {
    client.destroy();
    socket.destroy();
    server.close();
  };
  return { client, socket, slices, received, close };
}

test('everything that arrives is passed on in order, in slices of 1 KiB at most', async () => {
  const { client, socket, slices, received, close } = await connection(() => {});
  feedInSlices(socket, () => false);
  client.write(BYTES);
  await eventually('all bytes', () => received().length === BYTES.length);
  assert.deepEqual(received(), BYTES);
  assert.ok(slices.every(({ length }) => length <= 1024));
  close();
});

test('after a slice that leads to a hold nothing is passed on, even if the socket is resumed meanwhile; then the rest is', async () => {
  let held = false;
  // As Node's server does at the end of each request.
  const { client, socket, received, close } = await connection((_slice, at) => {
    held = true;
    at.resume();
  });
  feedInSlices(socket, () => held);
  client.write(BYTES);
  for (let count = 1; count <= 5; count++) {
    await eventually('a slice', () => received().length === count * 1024);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(received().length, count * 1024);
    held = false;
    socket.resume();
  }
  held = false;
  socket.resume();
  await eventually('the next slice', () => received().length > 5 * 1024);
  assert.deepEqual(received(), BYTES.subarray(0, received().length));
  close();
});

test('a socket that the server itself paused is not read until the server resumes it', async () => {
  const { client, socket, received, close } = await connection((slice, at) => {
    if (slice[0] === BYTES[0]) at.pause();
  });
  feedInSlices(socket, () => false);
  client.write(BYTES);
  await eventually('the first slice', () => received().length === 1024);
  assert.ok(socket.isPaused());
  socket.resume();
  await eventually('all bytes', () => received().length === BYTES.length);
  assert.deepEqual(received(), BYTES);
  close();
});

test('an exception of the server ends the connection, not the process', async () => {
  const { client, socket, close } = await connection(() => {
    throw new Error('an assertion of Node');
  });
  feedInSlices(socket, () => false);
  client.write(BYTES);
  await eventually('the connection is closed', () => socket.destroyed);
  close();
});

test('after its end nothing is passed on', async () => {
  const { client, socket, received, close } = await connection(() => end());
  const end = feedInSlices(socket, () => false);
  client.write(BYTES);
  await eventually('the first slice', () => received().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(received().length, 1024);
  close();
});
