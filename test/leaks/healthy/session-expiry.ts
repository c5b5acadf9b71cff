/** express-session over memorystore, which removes sessions when their time is over. */
import express from 'express';
import session from 'express-session';
import createMemoryStore from 'memorystore';
import { prose, serveUnderLoad } from '../load.js';

const LIFETIME_MS = 30_000;
const MemoryStore = createMemoryStore(session);
const app = express();
app.use(
  session({
    secret: 'not a secret',
    resave: false,
    saveUninitialized: true,
    cookie: { maxAge: LIFETIME_MS },
    store: new MemoryStore({ checkPeriod: 5000, ttl: LIFETIME_MS }),
  }),
);
app.get('/cart/:id', (request, response) => {
  Object.assign(request.session, { cart: [prose(1500, Number(request.params.id))] });
  response.json({ items: 1 });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/cart/${index}` });
