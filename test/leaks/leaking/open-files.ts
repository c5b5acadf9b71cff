/** Every request opens a file to look at its first bytes and never closes it. Descriptors leak, hardly any memory does. */
import { mkdtempSync, openSync, readSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { serveUnderLoad } from '../load.js';

const file = join(mkdtempSync(join(tmpdir(), 'leaking-')), 'picture.png');
writeFileSync(file, 'PNG');
const app = express();
app.get('/pictures/:id', (_request, response) => {
  const first = Buffer.alloc(3);
  readSync(openSync(file, 'r'), first);
  response.send(first.toString());
});
serveUnderLoad(app, { perSecond: 20, path: (index) => `/pictures/${index}` });
