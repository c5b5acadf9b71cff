/** Previews are given an address of their own, which is never revoked: the store of blobs lies outside of the heap. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const app = express();
app.get('/previews/:id', (request, response) => {
  const preview = new Blob([prose(60_000, Number(request.params.id))]);
  response.json({ url: URL.createObjectURL(preview) });
});
serveUnderLoad(app, { perSecond: 3, path: (index) => `/previews/${index}` });
