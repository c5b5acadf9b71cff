/** Requests are measured with marks on the timeline of the process, which keeps all of them. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const app = express();
app.get('/articles/:id', (request, response) => {
  const detail = { agent: prose(1500, Number(request.params.id)) };
  performance.mark(`start ${request.params.id}`, { detail });
  response.json({ id: request.params.id });
});
serveUnderLoad(app, { perSecond: 60, path: (index) => `/articles/${index}` });
