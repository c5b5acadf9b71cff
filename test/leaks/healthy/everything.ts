/** A service as there are many: a cache at its bound, sessions that expire, timers that are cleared, connections kept alive. */
import { createHash } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import { LRUCache } from 'lru-cache';
import createMemoryStore from 'memorystore';
import { prose, serveUnderLoad } from '../load.js';

const MemoryStore = createMemoryStore(session);
const quotes = new LRUCache<string, { readonly price: number; readonly text: string }>({
  max: 500,
  ttl: 60_000,
});
const app = express();
app.use(
  session({
    secret: 'not a secret',
    resave: false,
    saveUninitialized: true,
    cookie: { maxAge: 20_000 },
    store: new MemoryStore({ checkPeriod: 4000, max: 5000 }),
  }),
);
app.use(express.json());
app.post('/quotes/:article', async (request, response) => {
  const { article } = request.params;
  const deadline = setTimeout(() => response.destroy(), 30_000);
  const digest = createHash('sha256').update(JSON.stringify(request.body)).digest('hex');
  const quote = quotes.get(article) ?? { price: digest.charCodeAt(0), text: prose(2000, article.length) };
  quotes.set(article, quote);
  await new Promise((resolve) => setTimeout(resolve, 10));
  clearTimeout(deadline);
  response.json({ price: quote.price, digest });
});
serveUnderLoad(app, {
  perSecond: 80,
  path: (index) => `/quotes/article-${(index * 31) % 900}`,
  body: (index) => JSON.stringify({ count: index % 7, note: prose(500, index) }),
});
