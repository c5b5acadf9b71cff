/**
 * The services under load: `node service.js shop|json watched|unwatched`. Watched and unwatched differ in one line. The
 * first line of stdout is a `ServiceAddress`; every IPC message is answered with `ServiceFigures`.
 */
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request } from 'express';
import session from 'express-session';
import { findProducts, productById } from '../examples/leaky-service/catalog.js';

export type AppName = 'shop' | 'json';

export interface ServiceAddress {
  readonly url: string;
  /** The watcher's own listener; null if the service is not watched. */
  readonly ops: string | null;
}

export interface ServiceFigures {
  readonly rssBytes: number;
  /** CPU of the whole process, user and system. */
  readonly cpuSeconds: number;
  /** The watcher's part of it, as the watcher reports it. */
  readonly watcherSeconds: number;
}

const [appName, mode = 'unwatched'] = process.argv.slice(2);

const watcher = mode === 'watched' ? await (await import('../src/index.js')).watch(settings()) : null;

const app = appName === 'shop' ? shop() : json();
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const address: ServiceAddress = { url: `http://127.0.0.1:${port}`, ops: watcher?.address ?? null };
  console.log(JSON.stringify(address));
});
process.on('message', () => process.send?.(figures()));
process.on('disconnect', () => process.exit());

/** As in production, but with a socket file, because a free port would be announced on stderr. */
function settings() {
  const folder = process.env['BENCH_FOLDER'] ?? '.';
  const token = process.env['BENCH_TOKEN'] ?? '';
  const listen = `unix:${folder}/ops.sock`;
  return { pace: 'production', capture: 'off', listen, token, stateDir: `${folder}/state` } as const;
}

function figures(): ServiceFigures {
  const { user, system } = process.cpuUsage();
  return {
    rssBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    watcherSeconds: watcher?.report().watcher.cost.cpuSeconds ?? 0,
  };
}

/** The minimum that an Express service does: here the watcher's cost shows most. */
function json(): Express {
  const plain = express();
  plain.get('/hello', (_request, response) => void response.json({ hello: 'world' }));
  return plain;
}

/** The demo's shop in its healthy form: sessions in a store with expiry and a bound. */
function shop(): Express {
  const service = express();
  service.use(express.json());
  service.use(
    session({
      secret: 'a secret for the benchmark only',
      resave: false,
      saveUninitialized: true,
      store: boundedStore(),
    }),
  );
  service.use((request, _response, next) => {
    const visit = visitOf(request);
    visit.firstPage ??= request.originalUrl;
    visit.viewed ??= [];
    next();
  });
  service.get('/products', (request, response) => {
    const found = findProducts(String(request.query['q'] ?? ''));
    for (const { id, name } of found.slice(0, 8)) remember(request, id, name);
    response.json(found);
  });
  service.get('/products/:id', (request, response) => {
    const product = productById(Number(request.params['id']));
    if (product === undefined) return void response.status(404).json({ error: 'no such product' });
    remember(request, product.id, product.name);
    response.json(product);
  });
  return service;
}

interface Visit {
  firstPage?: string;
  viewed?: { id: number; name: string; at: string }[];
}

function visitOf(request: Request): Visit {
  return request.session as Visit;
}

function remember(request: Request, id: number, name: string): void {
  const visit = visitOf(request);
  visit.viewed = [...(visit.viewed ?? []), { id, name, at: new Date().toISOString() }].slice(-20);
}

function boundedStore(): session.Store {
  type Options = { checkPeriod: number; ttl: number; max: number };
  type Factory = (from: typeof session) => new (options: Options) => session.Store;
  const createMemoryStore = createRequire(import.meta.url)('memorystore') as Factory;
  return new (createMemoryStore(session))({ checkPeriod: 1000, ttl: 15_000, max: 5000 });
}
