/** memoizee with its default cache, without a bound, on a function whose argument hardly ever repeats. */
import express from 'express';
import memoize from 'memoizee';
import { prose, serveUnderLoad } from '../load.js';

const lookUp = memoize(
  (address: string) => ({ address, country: 'NL', report: prose(2500, address.length) }),
  {
    primitive: true,
  },
);

const app = express();
app.get('/visits', (request, response) => {
  const { country } = lookUp(String(request.query['address']));
  response.json({ country });
});
serveUnderLoad(app, {
  perSecond: 50,
  path: (index) => `/visits?address=10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
});
