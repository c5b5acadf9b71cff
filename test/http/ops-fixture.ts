import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import { Authenticator } from '../../src/access/authenticator.js';
import { Limits, REQUESTS_PER_MINUTE } from '../../src/access/limits.js';
import { SCOPES, type Scope } from '../../src/access/scope.js';
import { grantOf, type TokenGrant } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import type { OpsActs } from '../../src/http/acts.js';
import type { RouteHandlers } from '../../src/http/call.js';
import { openListener } from '../../src/http/listener.js';
import type { OpsDependencies, OpsHandler } from '../../src/http/ops-dependencies.js';
import { createOpsRouter } from '../../src/http/ops-router.js';
import type { OpsProfiles } from '../../src/http/profiles.js';
import { Operations } from '../../src/operations/operations.js';
import { parseListenAddress } from '../../src/options/listen-address.js';
import { issueToken } from '../../src/options/tokens.js';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { Probes } from '../../src/repl/probes.js';
import { systemClock } from '../../src/runtime/clock.js';
import type { Logger } from '../../src/runtime/logger.js';
import { report } from '../report/report-fixture.js';
import { checkAnswer } from '../support/openapi-check.js';
import { opsStatus } from './status-fixture.js';

const require = createRequire(import.meta.url);
const express4 = require('express4') as typeof express;

export const TOKEN = issueToken();
/** Grants nothing that a route asks for. */
export const DUMP_TOKEN = issueToken();
/** Grants everything. */
export const ADMIN_TOKEN = issueToken();
/** For each scope, a token that grants it alone. */
export const ONLY = tokenPerScope();
/** For each scope, a token that grants every other one. */
export const ALL_BUT = tokenPerScope();
export const EXPOSITION = '# TYPE leakwatch_watcher_up gauge\nleakwatch_watcher_up 1\n';

function tokenPerScope(): Readonly<Record<Scope, string>> {
  return Object.fromEntries(SCOPES.map((scope) => [scope, issueToken()])) as Record<Scope, string>;
}

/** Keeps what was logged. */
export function memoryLogger(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const keep = (line: string) => void lines.push(line);
  return { lines, warn: keep, info: keep, debug: keep };
}

/** For tests of anything but the limits: a suite sends more bad requests in a minute than a client may. */
export function generousLimits(): Limits {
  const charges = Object.keys(REQUESTS_PER_MINUTE) as (keyof typeof REQUESTS_PER_MINUTE)[];
  const perMinute = Object.fromEntries(charges.map((charge) => [charge, 10_000]));
  return new Limits(10_000, perMinute as Record<keyof typeof REQUESTS_PER_MINUTE, number>);
}

/** Knows these tokens only. */
export function authenticatorOf(grants: readonly TokenGrant[]): Authenticator {
  return new Authenticator(new TokenStore(grants, memoryLogger()));
}

/** Probes of a program that exposes nothing and has no findings. */
const PROBES = new Probes({
  clock: systemClock,
  roots: new ExposedRoots(),
  pauseBudgetMs: 5000,
  findings: () => [],
  sample: () => null,
  usedBytes: () => 1e6,
  availableBytes: () => null,
  paused: () => {},
});

export function dependencies(changes: Partial<OpsDependencies> = {}): OpsDependencies {
  const grants = [
    grantOf(TOKEN),
    grantOf(DUMP_TOKEN, { scopes: ['dump'] }),
    grantOf(ADMIN_TOKEN, { scopes: SCOPES }),
    ...SCOPES.map((scope) => grantOf(ONLY[scope], { scopes: [scope] })),
    ...SCOPES.map((scope) => grantOf(ALL_BUT[scope], { scopes: SCOPES.filter((one) => one !== scope) })),
  ];
  return {
    authenticator: authenticatorOf(grants),
    limits: generousLimits(),
    own: null,
    report: () => report(),
    status: () => opsStatus(),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: EXPOSITION }),
    metricsAuth: 'token',
    operations: new Operations(systemClock, memoryLogger()),
    profiles: NO_PROFILES,
    acts: NO_ACTS,
    audited: async () => null,
    answered: () => {},
    denied: () => {},
    probes: PROBES,
    expressions: null,
    logger: memoryLogger(),
    ...changes,
  };
}

/** Does nothing that a client asks for. */
const NO_ACTS: OpsActs = {
  scan: () => ({ outcome: 'refused', detail: 'No captures here.' }),
  collect: () => ({ outcome: 'refused', detail: 'No GC here.' }),
  decide: () => null,
};

const NO_PROFILES: OpsProfiles = {
  heap: () => ({ outcome: 'refused', detail: 'Nothing is sampled here.' }),
  record: () => ({ outcome: 'refused', detail: 'Nothing is sampled here.' }),
};

export interface Place {
  readonly port: number;
  close(): Promise<void>;
}

/** The ops endpoint in the host's app, which answers what it is not asked by itself. */
function inApp(framework: typeof express, mount: (app: express.Express, ops: OpsHandler) => void) {
  return async (changes: Partial<OpsDependencies> = {}, handlers?: RouteHandlers): Promise<Place> => {
    const app = framework();
    mount(app, createOpsRouter(dependencies({ metrics: null, ...changes }), handlers));
    app.get('/', (_request, response) => void response.send('the app'));
    return serverOf(createServer(app as RequestListener));
  };
}

async function serverOf(server: Server): Promise<Place> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export async function ownListener(
  changes: Partial<OpsDependencies> = {},
  handlers?: RouteHandlers,
): Promise<Place> {
  const limits = changes.limits ?? generousLimits();
  const listener = await openListener({
    listen: parseListenAddress('127.0.0.1:0'),
    allowedHosts: [],
    tls: null,
    loadRouter: (own) => createOpsRouter(dependencies({ limits, own, ...changes }), handlers),
    limits,
    logger: memoryLogger(),
  });
  return { port: Number(new URL(listener.address).port), close: () => listener.close() };
}

/** Every way in which the endpoint is reached, each with the routes below `/ops`. */
export const PLACES: Readonly<
  Record<string, (changes?: Partial<OpsDependencies>, handlers?: RouteHandlers) => Promise<Place>>
> = {
  'an Express 4 app': inApp(express4, (app, ops) => app.use('/ops', ops)),
  'an Express 5 app': inApp(express, (app, ops) => app.use('/ops', ops)),
  'the own listener': ownListener,
};

/** An app behind middleware that opens CORS and parses bodies for every route. */
export const CORS_APP = inApp(express, (app, ops) => {
  app.use((_request, response, next) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    next();
  });
  app.use(express.json());
  app.use('/ops', ops);
});

/** Opens a place, works with its port and closes it. */
export async function using<T>(opening: Promise<Place>, work: (port: number) => Promise<T>): Promise<T> {
  const place = await opening;
  try {
    return await work(place.port);
  } finally {
    await place.close();
  }
}

export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Status line and headers as sent, without those that differ each time. */
  readonly head: string;
  readonly bytes: string;
}

/** Sends these bytes and reads until the server closes. The answer must be one of the OpenAPI document's. */
export async function exchange(where: number | string, bytes: string | Buffer): Promise<RawResponse> {
  const response = await transfer(where, bytes);
  checkResponse(bytes, response);
  return response;
}

/** The first answer is checked, if there is one: the server may close without. */
export function checkResponse(request: string | Buffer, response: RawResponse): void {
  if (Number.isNaN(response.status)) return;
  const [method = '', target = ''] = request.toString('latin1').split('\r\n', 1)[0]!.split(' ');
  // The answers to pipelined requests follow.
  const bytes = Buffer.from(response.body).subarray(0, Number(response.headers.get('content-length') ?? 0));
  checkAnswer({ ...response, method, target, body: bytes.toString() });
}

/** The same for an answer that Node gives in the host's app, before the app or the endpoint is asked. */
export function transfer(where: number | string, bytes: string | Buffer): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error) => (chunks.length > 0 ? resolve(parseResponse(chunks)) : reject(error)));
    socket.on('close', () => resolve(parseResponse(chunks)));
    socket.write(bytes);
  });
}

export function parseResponse(chunks: readonly Buffer[]): RawResponse {
  const bytes = Buffer.concat(chunks).toString('utf8');
  const split = bytes.indexOf('\r\n\r\n');
  const lines = bytes.slice(0, split).split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return {
    status: Number(lines[0]?.split(' ')[1]),
    headers,
    body: bytes.slice(split + 4),
    head: lines.filter((line) => !/^(date|x-request-id|ratelimit):/i.test(line)).join('\n'),
    bytes,
  };
}

/** A request as bytes: nothing is normalised on the way. The server is asked to close when it has answered. */
export function raw(
  target: string,
  headers: readonly string[] = [],
  method = 'GET',
  host: string | null = 'localhost',
): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(host === null ? [] : [`Host: ${host}`]),
    'Connection: close',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export function bearer(token = TOKEN): string {
  return `Authorization: Bearer ${token}`;
}
