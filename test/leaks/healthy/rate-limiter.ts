/** Hits by address in windows of 20 seconds; those of windows that are over are removed. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const WINDOW_MS = 20_000;
const hits = new Map<string, { count: number; readonly resetAt: number; readonly agent: string }>();
setInterval(() => {
  const now = Date.now();
  for (const [address, hit] of hits) if (hit.resetAt <= now) hits.delete(address);
}, WINDOW_MS);

const app = express();
app.use((request, response, next) => {
  const address = String(request.headers['x-forwarded-for']);
  const resetAt = Date.now() + WINDOW_MS;
  const hit = hits.get(address) ?? { count: 0, resetAt, agent: prose(2000, address.length) };
  hit.count += 1;
  hits.set(address, hit);
  if (hit.count > 100) response.sendStatus(429);
  else next();
});
app.get('/', (_request, response) => void response.send('ok'));
serveUnderLoad(app, {
  perSecond: 60,
  path: () => '/',
  headers: (index) => ({ 'x-forwarded-for': `10.0.${(index >> 8) & 255}.${index & 255}.${index >> 16}` }),
});
