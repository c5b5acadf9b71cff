/**
 * A small shop on Express. Its sessions are in express-session's MemoryStore, which never removes a session that nobody
 * comes back for (its documentation warns about that), and most of its visitors do not keep cookies. `healthy` fixes it
 * in the usual way: a store with expiry and a bound.
 */
import { createRequire } from 'node:module';
import express, { type Request, type Response } from 'express';
import session from 'express-session';
import { watch } from '../../src/index.js';
import { findProducts, productById } from './catalog.js';

declare module 'express-session' {
  interface SessionData {
    visitor: { firstPage: string; language: string; campaign: string; agent: string; address: string };
    viewed: { id: number; name: string; at: string }[];
    cart: { id: number; name: string; quantity: number; price: number }[];
  }
}

type StoreOptions = { checkPeriod: number; ttl: number; max: number };
type StoreFactory = (from: typeof session) => new (options: StoreOptions) => session.Store;
const createMemoryStore = createRequire(import.meta.url)('memorystore') as StoreFactory;

const healthy = process.env['SHOP_HEALTHY'] === '1';
const SESSION_LIFE_MS = 8_000;

const app = express();
app.use(express.json());

const watcher = await watch({
  pace: 'fast',
  listen: process.env['SHOP_OPS_LISTEN'] ?? '127.0.0.1:9464',
  tokenFile: process.env['SHOP_TOKEN_FILE'] ?? 'token',
});
app.use('/ops', watcher.router());

const BoundedStore = createMemoryStore(session);
app.use(
  session({
    secret: 'a secret for the demo only',
    resave: false,
    saveUninitialized: true,
    ...(healthy ? { store: new BoundedStore({ checkPeriod: 1000, ttl: SESSION_LIFE_MS, max: 5000 }) } : {}),
  }),
);

app.use((request, _response, next) => {
  request.session.visitor ??= {
    firstPage: request.originalUrl,
    language: request.get('accept-language') ?? 'en',
    campaign: String(request.query['campaign'] ?? 'none'),
    agent: request.get('user-agent') ?? 'unknown',
    address: request.ip ?? 'unknown',
  };
  request.session.viewed ??= [];
  request.session.cart ??= [];
  next();
});

app.get('/products', (request: Request, response: Response) => {
  const found = findProducts(String(request.query['q'] ?? ''));
  for (const { id, name } of found.slice(0, 8)) remember(request, id, name);
  response.json(found);
});

app.get('/products/:id', (request: Request, response: Response) => {
  const product = productById(Number(request.params['id']));
  if (product === undefined) {
    response.status(404).json({ error: 'no such product' });
    return;
  }
  remember(request, product.id, product.name);
  response.json(product);
});

app.post('/cart', (request: Request, response: Response) => {
  const product = productById(Number((request.body as { id?: number }).id));
  if (product !== undefined) {
    request.session.cart?.push({ id: product.id, name: product.name, quantity: 1, price: product.price });
  }
  response.json(request.session.cart);
});

const server = app.listen(Number(process.env['SHOP_PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.send?.({ shop: `http://127.0.0.1:${port}`, ops: watcher.address });
});

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void watcher.stop().then(() => process.disconnect?.());
});

function remember(request: Request, id: number, name: string): void {
  const viewed = request.session.viewed ?? [];
  viewed.push({ id, name, at: new Date().toISOString() });
  request.session.viewed = viewed.slice(-20);
}
