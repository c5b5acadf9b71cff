/** The latest 1,500 measurements in an array; only the code says how many. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

interface Measurement {
  readonly at: number;
  readonly path: string;
  readonly agent: string;
}

const latest: Measurement[] = [];
const app = express();
app.use((request, response) => {
  latest.push({ at: Date.now(), path: request.path, agent: prose(2500, latest.length) });
  if (latest.length > 1500) latest.shift();
  response.json({ measured: latest.length });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/articles/${index % 100}` });
