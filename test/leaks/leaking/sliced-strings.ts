/** Only the first letters of every document are kept; but each is a slice, and keeps its document. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const seenIds = new Set<string>();
const app = express();
app.use(express.text({ type: 'application/json', limit: '1mb' }));
app.post('/documents', (request, response) => {
  const text: string = request.body;
  seenIds.add(text.slice(0, 24));
  response.json({ seen: seenIds.size });
});
serveUnderLoad(app, {
  perSecond: 15,
  path: () => '/documents',
  body: (index) => `document-${String(index).padStart(12, '0')}; ${prose(12_000, index)}`,
});
