/**
 * The service of the soak: sessions that expire, a cache with a bound and a time to live, its own rate limiter with a
 * sweep, deadlines, event streams with a timer each, and requests to a second service over keep-alive sockets.
 * `node soaked-service.js [careless]`; the first line of stdout is a `SoakedAddress`, every `SoakOrder` is answered.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeHeapSnapshot } from 'node:v8';
import express, { type Request, type Response } from 'express';
import session from 'express-session';
import { LRUCache } from 'lru-cache';
import createMemoryStore from 'memorystore';

export interface SoakedAddress {
  readonly port: number;
}

export interface SoakOrder {
  /** File to which the heap snapshot is written. */
  readonly snapshot: string;
}

export interface SoakAnswer {
  /** After the full GC that comes with a snapshot. */
  readonly liveBytes: number;
  readonly externalBytes: number;
  readonly pauseMs: number;
}

interface Article {
  readonly id: string;
  readonly text: string;
  readonly stock: number;
}

interface Visit {
  viewed?: string[];
  note?: string;
}

const SESSION_MS = 3 * 60_000;
const MAX_VIEWED = 20;
const TEXT_BYTES = 2000;
const CACHED = { max: 1500, ttl: 60_000 } as const;
const DEADLINE_MS = 30_000;
const STREAM_TICK_MS = 1000;
const WINDOW_MS = 20_000;
/** Longer than any pause of the service: a server that hangs up on a request in flight would be an error. */
const KEEP_ALIVE_MS = 120_000;

const MemoryStore = createMemoryStore(session);
const stockServer = createServer((request, response) => response.end(String(request.url?.length)));
const stockAgent = new Agent({ keepAlive: true, maxSockets: 8 });
const articles = new LRUCache<string, Article>(CACHED);
/** Address and minute → requests; emptied by the sweep. */
const windows = new Map<string, { readonly until: number; count: number }>();
setInterval(() => {
  const now = Date.now();
  for (const [key, { until }] of windows) if (until < now) windows.delete(key);
}, WINDOW_MS / 4);

const app = express();
app.use(limitRate);
app.get('/stream', stream);
app.use(
  session({
    secret: 'a secret for the benchmark only',
    resave: false,
    saveUninitialized: true,
    cookie: { maxAge: SESSION_MS },
    store: new MemoryStore({ checkPeriod: 10_000, max: 20_000 }),
  }),
);
app.use(express.json());
app.use((_request, response, next) => {
  const deadline = setTimeout(() => response.destroy(), DEADLINE_MS);
  response.on('close', () => clearTimeout(deadline));
  next();
});
app.get('/articles/:id', async (request, response) => {
  const article = await articleOf(String(request.params['id']));
  const visit: Visit = visitOf(request);
  visit.viewed = [...(visit.viewed ?? []), article.id].slice(-MAX_VIEWED);
  response.json(article);
});
app.post('/notes', (request, response) => {
  const body = JSON.stringify(request.body);
  visitOf(request).note = body;
  response.json({ digest: createHash('sha256').update(body).digest('hex') });
});

if (process.argv[2] === 'careless') await keepEverySample();
stockServer.keepAliveTimeout = KEEP_ALIVE_MS;
stockServer.listen(0, '127.0.0.1');
await once(stockServer, 'listening');
const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = KEEP_ALIVE_MS;
await once(server, 'listening');
const address: SoakedAddress = { port: (server.address() as AddressInfo).port };
console.log(JSON.stringify(address));
process.on('message', (order: SoakOrder) => process.send?.(takeSnapshot(order)));
process.on('disconnect', () => process.exit());

function takeSnapshot({ snapshot }: SoakOrder): SoakAnswer {
  const from = performance.now();
  writeHeapSnapshot(snapshot);
  const { heapUsed, external } = process.memoryUsage();
  return { liveBytes: heapUsed, externalBytes: external, pauseMs: performance.now() - from };
}

function limitRate(request: Request, response: Response, next: () => void): void {
  const now = Date.now();
  const key = `${request.headers['x-client']}/${Math.floor(now / WINDOW_MS)}`;
  let window = windows.get(key);
  if (window === undefined) {
    window = { until: now + WINDOW_MS, count: 0 };
    windows.set(key, window);
  }
  window.count += 1;
  if (window.count > 10_000) response.status(429).end();
  else next();
}

function stream(_request: Request, response: Response): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': hello\n\n');
  const ticks = setInterval(() => response.write(`data: ${articles.size}\n\n`), STREAM_TICK_MS);
  response.on('close', () => clearInterval(ticks));
}

async function articleOf(id: string): Promise<Article> {
  const known = articles.get(id);
  if (known !== undefined) return known;
  const { port } = stockServer.address() as AddressInfo;
  const asked = get({ port, host: '127.0.0.1', path: `/stock/${id}`, agent: stockAgent });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let stock = '';
  for await (const part of answer.setEncoding('utf8')) stock += part;
  const text = Buffer.alloc(TEXT_BYTES, `${id} lorem ipsum `).toString('latin1');
  const article = { id, text, stock: Number(stock) };
  articles.set(id, article);
  return article;
}

function visitOf(request: Request): Visit {
  return request.session as unknown as Visit;
}

/** What the soak must notice: a watcher that keeps a copy of each sample. */
async function keepEverySample(): Promise<void> {
  const { OutsideWindow } = await import('../src/trend/outside-window.js');
  const { prototype } = OutsideWindow;
  const add = prototype.add;
  prototype.add = function (this: InstanceType<typeof OutsideWindow> & { kept?: object[] }, sample) {
    this.kept ??= [];
    this.kept.push(structuredClone(sample));
    return add.call(this, sample);
  };
}
