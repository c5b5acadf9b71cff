/** Sixty rooms that keep their latest 200 messages; only the code says how many, and no room is full in the first minute. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

class Room {
  readonly messages: { readonly from: string; readonly text: string; readonly at: Date }[] = [];

  post(from: string, text: string): void {
    this.messages.push({ from, text, at: new Date() });
    if (this.messages.length > 200) this.messages.shift();
  }
}

const rooms = new Map(Array.from({ length: 60 }, (_, id) => [String(id), new Room()]));
const app = express();
app.post('/rooms/:id', (request, response) => {
  rooms.get(request.params.id)?.post(request.ip ?? '', prose(800, request.params.id.length));
  response.sendStatus(201);
});
serveUnderLoad(app, {
  perSecond: 100,
  path: (index) => `/rooms/${(index * 7 + ((index * index) % 11)) % 60}`,
  body: () => '{}',
});
