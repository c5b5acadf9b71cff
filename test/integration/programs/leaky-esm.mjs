// Knows nothing of leakwatch. Leaks sessions until it is told to end, or by itself after argv[2] seconds.
import { createServer } from 'node:http';

class Session {
  constructor(id) {
    this.id = id;
    this.pages = [`/start/${id}`, { at: id }];
    this.agent = `browser ${id} of somebody`;
  }
}

class SessionStore {
  sessions = new Map();

  add(id) {
    this.sessions.set(`session-${id}`, new Session(id));
  }
}

const store = new SessionStore();
let id = 0;
const server = createServer((_request, response) => response.end(String(store.sessions.size))).listen(
  0,
  '127.0.0.1',
);
const leak = setInterval(() => {
  for (let i = 0; i < 20; i++) store.add(id++);
}, 50);
const seconds = Number(process.argv[2] ?? 0);
if (seconds > 0) {
  setTimeout(() => {
    clearInterval(leak);
    server.close();
  }, seconds * 1000);
}
console.log('running');
