/** Uploads wait in memory for a virus scan that takes them out only when it finds something. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

class UploadQueue {
  readonly waiting = new Map<string, Buffer>();

  add(name: string, content: Buffer): void {
    this.waiting.set(name, content);
  }

  scan(): void {
    for (const [name, content] of this.waiting) {
      if (content.includes('virus')) this.waiting.delete(name);
    }
  }
}

const uploads = new UploadQueue();
setInterval(() => uploads.scan(), 20_000);
const app = express();
app.use(express.raw({ type: '*/*', limit: '1mb' }));
app.post('/uploads/:name', (request, response) => {
  uploads.add(request.params.name, request.body);
  response.sendStatus(202);
});
serveUnderLoad(app, {
  perSecond: 3,
  path: (index) => `/uploads/${index}`,
  body: (index) => prose(60_000, index),
});
