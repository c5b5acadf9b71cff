/** A logger that keeps every child that was made of it for one request. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

class Logger {
  readonly children: Logger[] = [];
  readonly bindings: Readonly<Record<string, string>>;

  constructor(bindings: Readonly<Record<string, string>>) {
    this.bindings = bindings;
  }

  child(bindings: Readonly<Record<string, string>>): Logger {
    const made = new Logger({ ...this.bindings, ...bindings });
    this.children.push(made);
    return made;
  }
}

const log = new Logger({ service: 'booking' });
const app = express();
app.get('/bookings/:id', (request, response) => {
  const { id } = request.params;
  const own = log.child({ request: id, agent: prose(1800, Number(id)) });
  response.json({ logged: Object.keys(own.bindings).length });
});
serveUnderLoad(app, { perSecond: 55, path: (index) => `/bookings/${index}` });
