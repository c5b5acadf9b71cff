/** A plain object used as a dictionary of view counts by address, query string and all. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

interface PageView {
  readonly firstSeen: number;
  hits: number;
  readonly agent: string;
}

const viewsByUrl: Record<string, PageView> = {};
const app = express();
app.use((request, response) => {
  const agent = prose(1800, Number(request.query['visit']));
  const view = viewsByUrl[request.originalUrl] ?? { firstSeen: Date.now(), hits: 0, agent };
  view.hits += 1;
  viewsByUrl[request.originalUrl] = view;
  response.send(`seen ${view.hits} times`);
});
serveUnderLoad(app, { perSecond: 60, path: (index) => `/articles/${index % 20}?visit=${index}` });
