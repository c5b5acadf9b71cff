/** Every request subscribes to a diagnostics channel, and none unsubscribes. */
import { subscribe } from 'node:diagnostics_channel';
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const app = express();
app.get('/orders/:id', (request, response) => {
  const order = { id: request.params.id, note: prose(2500, Number(request.params.id)) };
  subscribe('orders', () => order.note.length);
  response.json({ id: order.id });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/orders/${index}` });
