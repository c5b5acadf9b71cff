/** A histogram of prom-client labelled with the raw address of the request. */
import express from 'express';
import { Histogram, Registry } from 'prom-client';
import { serveUnderLoad } from '../load.js';

const registry = new Registry();
const latency = new Histogram({
  name: 'http_request_seconds',
  help: 'Time to answer',
  labelNames: ['path', 'status'],
  registers: [registry],
});
const app = express();
app.use((request, response) => {
  const end = latency.startTimer({ path: request.originalUrl });
  response.json({ ok: true });
  end({ status: response.statusCode });
});
serveUnderLoad(app, { perSecond: 120, path: (index) => `/customers/${index}/orders` });
