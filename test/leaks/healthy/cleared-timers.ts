/** Timers, listeners and signals for every request, all given back when it is answered. */
import { EventEmitter, once } from 'node:events';
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const bus = new EventEmitter();
const stopping = new AbortController();
setInterval(() => bus.emit('tick'), 100);

const app = express();
app.get('/wait/:id', async (request, response) => {
  const work = { id: request.params.id, text: prose(3000, Number(request.params.id)) };
  const deadline = setTimeout(() => response.destroy(), 60_000);
  const warn = () => response.setHeader('x-late', work.text.length);
  const progress = setInterval(warn, 10_000);
  stopping.signal.addEventListener('abort', warn);
  bus.on('cancel', warn);
  await once(bus, 'tick', { signal: stopping.signal });
  bus.off('cancel', warn);
  stopping.signal.removeEventListener('abort', warn);
  clearInterval(progress);
  clearTimeout(deadline);
  response.json({ id: work.id });
});
serveUnderLoad(app, { perSecond: 60, path: (index) => `/wait/${index}` });
