/** memoizee with `max`, on a function whose argument hardly ever repeats. */
import express from 'express';
import memoize from 'memoizee';
import { prose, serveUnderLoad } from '../load.js';

const lookUp = memoize(
  (address: string) => ({ address, country: 'NL', report: prose(2500, address.length) }),
  {
    primitive: true,
    max: 2000,
  },
);
const app = express();
app.get('/visits/:address', (request, response) => {
  response.json({ country: lookUp(request.params.address).country });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/visits/host-${index}` });
