/** A log that is one ever longer string, for a status page that shows its last line. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const status = { log: '' };
const app = express();
app.get('/tasks/:id', (request, response) => {
  status.log += `${new Date().toISOString()} ${prose(1800, Number(request.params.id))}\n`;
  response.json({ logged: status.log.length });
});
serveUnderLoad(app, { perSecond: 60, path: (index) => `/tasks/${index}` });
