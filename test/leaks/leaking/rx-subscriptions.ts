/** Every request subscribes to the settings and never unsubscribes. */
import express from 'express';
import { BehaviorSubject } from 'rxjs';
import { prose, serveUnderLoad } from '../load.js';

const settings = new BehaviorSubject({ currency: 'EUR' });
const app = express();
app.get('/prices/:id', (request, response) => {
  const page = { id: request.params.id, currency: '', html: prose(2500, Number(request.params.id)) };
  settings.subscribe((value) => {
    page.currency = value.currency;
  });
  response.json({ currency: page.currency });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/prices/${index}` });
