// Leaks in several ways at once, and every value that it holds has one of the words of argv[2] in it, also that of its environment.
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { runInThisContext } from 'node:vm';

/** Of many forms, so that the test knows where a value that was told came from. */
const planted = process.argv[2];
const secret = (where, id) => `${planted}-${where}-${id}`;

class Account {
  constructor(id) {
    this.password = secret('field', id);
    this.history = [secret('element', id), { [secret('key', id)]: secret('nested', id) }];
    this.database = process.env.DATABASE_URL;
    this.note = Buffer.from(secret('buffer', id).repeat(20));
  }
}

class Accounts {
  byMail = new Map();
  byToken = Object.create(null);
  seen = new Set();
}

const accounts = new Accounts();
const emitter = new EventEmitter();
emitter.setMaxListeners(0);
const storage = new AsyncLocalStorage();
const waiting = [];
let log = secret('concatenation', 0);
const handlers = [];
/** Code, queries and passwords that are parts of the addresses of scripts. */
const keeper = (word) =>
  `/* ${secret(word, 0)} */ const kept = []; export const keep = (one) => kept.push({ one });`;
const { keep } = await import(`data:text/javascript,${encodeURIComponent(keeper('code'))}`);
const remember = runInThisContext(
  '(function keeper() { const all = []; return (one) => all.push({ one }); })()',
  {
    filename: `https://user:${secret('password', 0)}@shop.example/src/shop.js?key=${secret('query', 0)}#\n${secret('hash', 0)}`,
  },
);
let id = 0;

function leak() {
  id++;
  const account = new Account(id);
  accounts.byMail.set(`${secret('mapkey', id)}@example.com`, account);
  accounts.byToken[secret('token', id)] = { at: id, who: secret('value', id) };
  accounts.seen.add(secret('member', id));
  const captured = secret('closure', id);
  handlers.push(() => captured.length);
  emitter.on('charge', () => captured.length + account.note.length);
  storage.run({ user: secret('store', id) }, () => setTimeout(() => captured, 1e8).unref());
  waiting.push(new Promise((_, reject) => setTimeout(reject, 1e8, new Error(secret('error', id))).unref()));
  log += secret('appended', id);
  keep(Array(50).fill(id));
  remember(Array(50).fill(id));
}

const server = createServer((_request, response) => {
  for (let i = 0; i < 20; i++) leak();
  response.setHeader('x-secret', secret('header', id));
  response.end(String(log.length + handlers.length + waiting.length));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/${secret('url', id)}`, {
      headers: { authorization: secret('authorization', id) },
    })
      .then((response) => response.text())
      .then(() => setTimeout(ask, 50));
  ask();
  if (new Account(0).database.includes(planted)) console.log('the address of the database is kept');
  console.log('running');
});
