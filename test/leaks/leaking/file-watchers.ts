/** The settings are watched anew by every request. */
import { mkdtempSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const file = join(mkdtempSync(join(tmpdir(), 'leaking-')), 'settings.json');
writeFileSync(file, '{}');
const app = express();
app.get('/pages/:id', (request, response) => {
  const page = { id: request.params.id, html: prose(8000, Number(request.params.id)), stale: false };
  watch(file, () => {
    page.stale = true;
  });
  response.send(page.id);
});
serveUnderLoad(app, { perSecond: 15, path: (index) => `/pages/${index}` });
