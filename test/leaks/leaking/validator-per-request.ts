/** ajv compiles the schema of a request anew each time, and keeps every one it has compiled. */
import { Ajv } from 'ajv';
import express from 'express';
import { serveUnderLoad } from '../load.js';

const ajv = new Ajv();
const app = express();
app.use(express.json());
app.post('/orders', (request, response) => {
  const validate = ajv.compile({
    type: 'object',
    properties: {
      customer: { type: 'string', maxLength: 40 },
      items: { type: 'array', maxItems: 20, items: { type: 'string', maxLength: 80 } },
      express: { type: 'boolean' },
    },
    required: ['customer', 'items'],
    additionalProperties: false,
  });
  response.json({ valid: validate(request.body) });
});
serveUnderLoad(app, {
  perSecond: 10,
  path: () => '/orders',
  body: (index) => JSON.stringify({ customer: `customer-${index}`, items: ['tea'] }),
});
