/** A handler that installs middleware for its tenant: once for every request. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const app = express();
app.get('/tenants/:id/reports', (request, response) => {
  const tenant = { id: request.params.id, theme: prose(4000, Number(request.params.id)) };
  app.use(`/assets/${tenant.id}`, (_request, answer) => {
    answer.send(tenant.theme);
  });
  response.json({ reports: [] });
});
serveUnderLoad(app, { perSecond: 30, path: (index) => `/tenants/${index}/reports` });
