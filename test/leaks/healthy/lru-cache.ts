/** A cache of the package lru-cache that takes its time to fill to its `max`. */
import express from 'express';
import { LRUCache } from 'lru-cache';
import { prose, serveUnderLoad } from '../load.js';

const pages = new LRUCache<string, { readonly html: string; readonly renderedAt: number }>({ max: 3000 });
const app = express();
app.get('/pages/:id', (request, response) => {
  const { id } = request.params;
  const page = pages.get(id) ?? { html: prose(2500, Number(id)), renderedAt: Date.now() };
  pages.set(id, page);
  response.send(page.html.slice(0, 100));
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/pages/${index}` });
