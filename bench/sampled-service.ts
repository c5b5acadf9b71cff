/**
 * `node sampled-service.js INTERVAL_BYTES`: an Express service whose allocation sites are sampled, or not if it is 0.
 * The first line printed is its address; every message is answered with `SampledFigures`.
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { findProducts, productById } from '../examples/leaky-service/catalog.js';
import { systemClock } from '../src/runtime/clock.js';
import { SampledSites } from '../src/sampling/allocation-profiler.js';
import { createSamplingSlot } from '../src/sampling/sampling-slot.js';

export interface SampledAddress {
  readonly url: string;
}

export interface SampledFigures {
  readonly rssBytes: number;
  /** CPU of the whole process, user and system. */
  readonly cpuSeconds: number;
  /** Duration of the latest reading. */
  readonly readMs: number;
  readonly intervalBytes: number;
}

const TICK_MS = 1000;
const intervalBytes = Number(process.argv[2] ?? 0);
const sites = new SampledSites(createSamplingSlot(), systemClock, {
  intervalBytes: Math.max(1, intervalBytes),
  spacingMs: TICK_MS,
  tickMs: TICK_MS,
});
if (intervalBytes > 0) sites.start(performance.now());
setInterval(() => sites.onTick(performance.now()), TICK_MS);

const app = express();
app.get(
  '/products',
  (request, response) => void response.json(findProducts(String(request.query['q'] ?? ''))),
);
app.get(
  '/products/:id',
  (request, response) => void response.json(productById(Number(request.params['id']))),
);
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` } satisfies SampledAddress));
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const status = sites.status();
  process.send?.({
    rssBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    readMs: status.readMs,
    intervalBytes: status.intervalBytes ?? 0,
  } satisfies SampledFigures);
});
process.on('disconnect', () => process.exit());
