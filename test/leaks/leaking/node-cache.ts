/** node-cache without a time to live, keyed by search text. */
import express from 'express';
import NodeCache from 'node-cache';
import { prose, serveUnderLoad } from '../load.js';

const results = new NodeCache();
const app = express();
app.get('/search', (request, response) => {
  const text = String(request.query['q']);
  const found = results.get<{ readonly hits: readonly string[] }>(text) ?? {
    hits: [prose(1000, text.length), prose(1000, text.length + 1)],
  };
  results.set(text, found);
  response.json({ hits: found.hits.length });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/search?q=tea+number+${index}` });
