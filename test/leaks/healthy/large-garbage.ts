/** Every request parses a large document and lets go of it. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const catalogue = JSON.stringify(
  Array.from({ length: 300 }, (_, id) => ({ id, text: prose(300, id), tags: ['a', 'b'] })),
);
const app = express();
app.get('/articles/:id', (request, response) => {
  const articles = JSON.parse(catalogue) as readonly { readonly text: string }[];
  const scratch = Buffer.alloc(256 * 1024, 1);
  response.json({ text: articles[Number(request.params.id) % 300]?.text, scratch: scratch.length });
});
serveUnderLoad(app, { perSecond: 30, path: (index) => `/articles/${index}` });
