/** Data beside requests in a WeakMap, and a cache of WeakRefs that a FinalizationRegistry tidies up. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

interface Document {
  readonly id: string;
  readonly text: string;
}

const timings = new WeakMap<object, { readonly startedAt: number; readonly label: string }>();
const documents = new Map<string, WeakRef<Document>>();
const collected = new FinalizationRegistry<string>((id) => {
  if (documents.get(id)?.deref() === undefined) documents.delete(id);
});

function load(id: string): Document {
  const known = documents.get(id)?.deref();
  if (known !== undefined) return known;
  const document = { id, text: prose(20_000, Number(id)) };
  documents.set(id, new WeakRef(document));
  collected.register(document, id);
  return document;
}

const app = express();
app.get('/documents/:id', (request, response) => {
  timings.set(request, { startedAt: performance.now(), label: prose(1000, Number(request.params.id)) });
  response.json({ length: load(request.params.id).text.length, timed: timings.has(request) });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/documents/${index}` });
