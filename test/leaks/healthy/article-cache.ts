/** A cache that takes two minutes to fill, whose bound is a number in its code. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const cache = new Map<string, { readonly title: string; readonly body: string }>();
const app = express();
app.get('/articles/:id', (request, response) => {
  const { id } = request.params;
  let article = cache.get(id);
  if (article === undefined) {
    article = { title: `article ${id}`, body: prose(3000, Number(id)) };
    cache.set(id, article);
    if (cache.size > 5000) {
      const [oldest] = cache.keys();
      cache.delete(oldest ?? '');
    }
  }
  response.json({ title: article.title });
});
serveUnderLoad(app, { perSecond: 40, path: (index) => `/articles/${index}` });
