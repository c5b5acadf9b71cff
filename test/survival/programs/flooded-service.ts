/**
 * The service under attack: an Express app with one route, and the watcher with its own listener. The first line of
 * stdout is a `FloodedAddress`; every IPC message is answered with `FloodedFigures`.
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { watch } from '../../../src/index.js';

export interface FloodedAddress {
  readonly url: string;
  readonly opsPort: number;
}

export interface FloodedFigures {
  readonly rssBytes: number;
  /** After a full GC. */
  readonly heapBytes: number;
  /** CPU of the whole process, user and system, a second since the previous figures. */
  readonly cpuShare: number;
}

const token = process.env['BENCH_TOKEN'] ?? '';
const stateDir = process.env['BENCH_FOLDER'] ?? '.';
const watcher = await watch({ pace: 'production', capture: 'off', listen: '127.0.0.1:0', token, stateDir });
const app = express();
app.get('/hello', (_request, response) => void response.json({ hello: 'world' }));
let last = { cpu: process.cpuUsage(), atMs: performance.now() };

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const opsPort = Number(new URL(watcher.address ?? '').port);
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, opsPort } satisfies FloodedAddress));
});
process.on('message', () => process.send?.(figures()));
process.on('disconnect', () => process.exit());

function figures(): FloodedFigures {
  const { user, system } = process.cpuUsage(last.cpu);
  const cpuShare = (user + system) / 1000 / (performance.now() - last.atMs);
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  last = { cpu: process.cpuUsage(), atMs: performance.now() };
  return { rssBytes: rss, heapBytes: heapUsed, cpuShare };
}
