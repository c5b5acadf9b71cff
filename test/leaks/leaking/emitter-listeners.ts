/** Every request listens for price changes on one emitter, and none stops listening. */
import { EventEmitter } from 'node:events';
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const prices = new EventEmitter();
prices.setMaxListeners(0);
setInterval(() => prices.emit('change', 'tea', Math.random()), 1000);

const app = express();
app.get('/quotes/:id', (request, response) => {
  const quote = { id: request.params.id, price: 1, terms: prose(2500, Number(request.params.id)) };
  prices.on('change', (article: string, price: number) => {
    if (article === quote.id) quote.price = price;
  });
  response.json({ price: quote.price });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/quotes/${index}` });
