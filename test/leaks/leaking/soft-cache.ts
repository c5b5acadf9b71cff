/** A cache of weak references whose entries stay when what they referred to is gone. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

class SoftCache {
  readonly #refs = new Map<string, WeakRef<object>>();

  get(key: string): object | undefined {
    return this.#refs.get(key)?.deref();
  }

  set(key: string, value: object): void {
    this.#refs.set(key, new WeakRef(value));
  }
}

const results = new SoftCache();
const app = express();
app.get('/search/:term', (request, response) => {
  const key = `${request.params.term} ${prose(1800, Number(request.params.term))}`;
  const found = results.get(key) ?? { hits: [request.params.term.length] };
  results.set(key, found);
  response.json(found);
});
serveUnderLoad(app, { perSecond: 55, path: (index) => `/search/${index}` });
