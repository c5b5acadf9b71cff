/** Clients that arrive one after the other, stay connected and ask now and then. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const app = express();
app.use((_request, response, next) => {
  const started = performance.now();
  response.on('finish', () => started);
  next();
});
app.get('/poll/:id', (request, response) => {
  const answer = prose(4000, Number(request.params.id));
  setTimeout(() => response.send(answer), 250);
});
const server = serveUnderLoad(app, {
  perSecond: (seconds) => Math.min(200, 5 + seconds * 4),
  path: (index) => `/poll/${index}`,
  sockets: 60,
});
server.keepAliveTimeout = 60_000;
