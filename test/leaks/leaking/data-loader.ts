/** A DataLoader made once for the process instead of once for each request. */
import DataLoader from 'dataloader';
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

interface User {
  readonly id: string;
  readonly name: string;
  readonly biography: string;
}

const users = new DataLoader<string, User>(async (ids) =>
  ids.map((id) => ({ id, name: `user ${id}`, biography: prose(2400, Number(id)) })),
);
const app = express();
app.get('/users/:id', async (request, response) => {
  const user = await users.load(request.params.id);
  response.json({ name: user.name });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/users/${index}` });
