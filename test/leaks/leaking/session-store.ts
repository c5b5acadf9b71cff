/** express-session with its default store: every visitor without a cookie leaves a session behind. */
import express from 'express';
import session from 'express-session';
import { prose, serveUnderLoad } from '../load.js';

declare module 'express-session' {
  interface SessionData {
    basket: readonly { readonly article: string; readonly note: string }[];
  }
}

const app = express();
app.use(session({ secret: 'not a secret', resave: false, saveUninitialized: true }));
app.get('/cart/:article', (request, response) => {
  const article = request.params.article;
  request.session.basket = [{ article, note: prose(2500, Number(article)) }];
  response.json({ items: request.session.basket.length });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/cart/${index}` });
