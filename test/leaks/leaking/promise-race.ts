/** Every query races against one promise of the shutdown, which keeps its reactions until then. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const shutdown = new Promise<never>((_resolve, reject) => {
  process.once('SIGUSR2', () => reject(new Error('shutting down')));
});

async function query(id: string): Promise<{ readonly id: string; readonly row: string }> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { id, row: prose(2500, Number(id)) };
}

const app = express();
app.get('/rows/:id', async (request, response) => {
  const result = await Promise.race([query(request.params.id), shutdown]);
  response.json({ length: result.row.length });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/rows/${index}` });
