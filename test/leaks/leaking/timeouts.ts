/** A reminder a day later for every order, also for those that are paid at once. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const DAY_MS = 24 * 3600 * 1000;
const app = express();
app.get('/orders/:id/pay', (request, response) => {
  const invoice = { order: request.params.id, text: prose(2200, Number(request.params.id)), reminded: false };
  setTimeout(() => {
    invoice.reminded = true;
  }, DAY_MS);
  response.json({ paid: true });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/orders/${index}/pay` });
