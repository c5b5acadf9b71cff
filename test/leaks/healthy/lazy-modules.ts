/** Modules that are loaded when they are first needed, one after the other during the first half minute. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express from 'express';
import { serveUnderLoad } from '../load.js';

const require = createRequire(import.meta.url);
const operators = join(dirname(require.resolve('rxjs')), 'internal', 'operators');
const modules = [
  ...readdirSync(operators)
    .filter((file) => file.endsWith('.js'))
    .map((file) => join(operators, file)),
  ...['winston', 'ajv', 'handlebars', 'i18next', 'axios', 'memoizee', 'generic-pool', 'prom-client'],
];
const app = express();
app.get('/run/:index', (request, response) => {
  const module = require(modules[Number(request.params.index) % modules.length] ?? 'winston') as object;
  response.json({ exports: Object.keys(module).length });
});
serveUnderLoad(app, { perSecond: 5, path: (index) => `/run/${index}` });
