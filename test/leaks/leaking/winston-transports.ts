/** A transport with the user's name for every request, added to the one logger of the program. */
import { Writable } from 'node:stream';
import express from 'express';
import winston from 'winston';
import { prose, serveUnderLoad } from '../load.js';

const logger = winston.createLogger({ level: 'error', transports: [] });
logger.setMaxListeners(0);
const app = express();
app.get('/users/:id', (request, response) => {
  const lines: string[] = [prose(6000, Number(request.params.id))];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines[0] = String(chunk);
      done();
    },
  });
  logger.add(new winston.transports.Stream({ stream }));
  logger.info('a user was looked up');
  response.json({ id: request.params.id });
});
serveUnderLoad(app, { perSecond: 12, path: (index) => `/users/${index}` });
