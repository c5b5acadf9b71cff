/** Traffic that rises for 40 seconds and falls again; each request holds memory while it waits for its backend. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const PERIOD_SECONDS = 80;
const app = express();
app.get('/reports/:id', (request, response) => {
  const rows = Array.from({ length: 20 }, (_, row) => ({
    row,
    text: prose(1000, Number(request.params.id)),
  }));
  setTimeout(() => response.json({ rows: rows.length }), 600);
});
serveUnderLoad(app, {
  perSecond: (seconds) => 5 + 75 * Math.sin((Math.PI * seconds) / PERIOD_SECONDS) ** 2,
  path: (index) => `/reports/${index}`,
  sockets: 64,
});
