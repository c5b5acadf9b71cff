import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Limits } from '../access/limits.js';
import { LeakwatchError } from '../errors.js';
import type { TlsSettings } from '../options/credential-options.js';
import type { ListenAddress } from '../options/listen-address.js';
import type { Logger } from '../runtime/logger.js';
import { refuseBrokenRequest } from './broken-request.js';
import { Connections } from './connections.js';
import { createHostCheck } from './gate.js';
import type { OpsHandler, OwnListener } from './ops-dependencies.js';
import { problem } from './problem.js';
import { sendResponse } from './response.js';
import { clearStaleSocket } from './socket-file.js';

/** The most that clients can take from the process; beyond it, connections are closed. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  /** How often headersTimeout and requestTimeout are checked. */
  connectionsCheckingInterval: 2_000,
} as const;
/** How long a connection may transfer nothing, for example because the client does not read, milliseconds. */
const IDLE_MS = 30_000;
/**
 * `Connections` keeps far fewer, but counts at once; Node counts a closed connection until the end of the turn. So this
 * bounds what is accepted within one turn.
 */
const MAX_ACCEPTED = 1_000;
const MAX_REQUESTS_PER_CONNECTION = 1_000;

export interface ListenerOptions {
  readonly listen: ListenAddress;
  /** Further names accepted in the Host header. */
  readonly allowedHosts: readonly string[];
  /** Null: plain HTTP. */
  readonly tls: TlsSettings | null;
  /** Called at the first request, so that Express is not loaded before; after a rejection (500) the next request retries. */
  readonly loadRouter: (own: OwnListener) => OpsHandler | Promise<OpsHandler>;
  readonly limits: Limits;
  readonly logger: Logger;
}

export interface Listener {
  /** `http://127.0.0.1:9464`, `https://…` or `unix:/path`. */
  readonly address: string;
  /** Whether `server` (from a diagnostics channel's message) is this listener's. */
  owns(server: unknown): boolean;
  /** Ends every connection; resolves when the last one is gone. Never rejects. */
  close(): Promise<void>;
}

/** Opens the own listener: `/ops/*` and `/metrics`. Rejects with a `LeakwatchError`. Never keeps the process alive. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { listen, tls, logger } = options;
  if (listen.kind === 'unix') await clearStaleSocket(listen.path);
  const http = { ...LIMITS, requireHostHeader: false, insecureHTTPParser: false };
  const { server, certificates } =
    tls === null
      ? { server: createServer(http), certificates: null }
      : await (await import('./tls-server.js')).createTlsServer(tls, http, logger);
  server.maxConnections = MAX_ACCEPTED;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.timeout = IDLE_MS;
  serve(server, options);
  await listening(server, listen);
  server.on('error', (error) => logger.warn(`the listener failed: ${error.message}`));
  server.unref();
  certificates?.start();
  let closed: Promise<void> | null = null;
  return {
    address: addressOf(server, listen, tls === null ? 'http' : 'https'),
    owns: (other) => other === server,
    close() {
      certificates?.stop();
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

function serve(server: Server | TlsServer, options: ListenerOptions): void {
  const connections = new Connections(options.limits);
  const handle = createRequestHandler(options, connections);
  server.on('request', handle);
  // Such a client gets "100 Continue" from what reads its body, and otherwise the final response at once.
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    connections.release(socket as Socket);
    handleConnect(request, socket, handle);
  });
  server.on('clientError', (error, socket) =>
    connections.broken(error, socket as Socket, () => refuseBrokenRequest(error, socket)),
  );
  server.on('connection', (socket) => {
    socket.unref();
    connections.add(socket);
  });
  // Below TLS there is no HTTP to read.
  server.on(options.tls === null ? 'connection' : 'secureConnection', (socket: Socket) =>
    connections.read(socket),
  );
}

function createRequestHandler(options: ListenerOptions, connections: Connections): OpsHandler {
  const own = { misdirected: createHostCheck(options.listen, options.allowedHosts), connections };
  let loading: Promise<OpsHandler> | null = null;
  return (request, response) => {
    if (!connections.accept(request, response)) return;
    loading ??= Promise.resolve(own).then(options.loadRouter);
    loading
      .then((router) => router(routed(request), response))
      .catch((error: unknown) => {
        loading = null;
        options.logger.warn(
          `the ops endpoint could not be loaded: ${error instanceof Error ? error.message : String(error)}`,
        );
        const value = problem('LEAKWATCH_ERR_INTERNAL', "The watcher's log gives the reason.");
        // Late, since every client gets here, and each time writes a line to the log.
        connections.hold(request, response, () => sendResponse(request, response, value));
      });
  };
}

/** The request as a host's Express would pass it on: the path below the mount. Any other address becomes an unknown one. */
function routed(request: IncomingMessage): IncomingMessage {
  const url = request.url ?? '';
  if (url.startsWith('/ops/'))
    return Object.assign(request, { originalUrl: url, baseUrl: '/ops', url: url.slice('/ops'.length) });
  const metrics = url === '/metrics' || url.startsWith('/metrics?');
  return Object.assign(request, { originalUrl: url, baseUrl: '', url: metrics ? url : '/' });
}

/** For a CONNECT, Node passes on the bare socket. */
function handleConnect(request: IncomingMessage, socket: Duplex, handle: OpsHandler): void {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  response.on('finish', () => socket.end(() => socket.destroy()));
  handle(request, response);
}

async function listening(server: Server | TlsServer, listen: ListenAddress): Promise<void> {
  const opened = once(server, 'listening');
  if (listen.kind === 'tcp') server.listen({ host: listen.host, port: listen.port, exclusive: true });
  else {
    server.listen({ path: listen.path, exclusive: true });
    // Node creates sockets with the umask's mode; in this turn no connection has been accepted yet.
    if (server.listening) chmodSync(listen.path, 0o600);
  }
  await opened.catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, listen);
  });
}

function addressOf(server: Server | TlsServer, listen: ListenAddress, scheme: string): string {
  if (listen.kind === 'unix') return `unix:${listen.path}`;
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function listenError(error: NodeJS.ErrnoException, listen: ListenAddress): LeakwatchError {
  const where = listen.kind === 'unix' ? listen.path : `${listen.host}:${listen.port}`;
  const fix = FIXES[error.code ?? ''] ?? 'Choose another address';
  const message = `Cannot listen on '${where}' (${error.code ?? error.message}). ${fix}.`;
  return new LeakwatchError('LEAKWATCH_ERR_LISTEN', message, { cause: error });
}

/** Error code of the system → how to fix it. */
const FIXES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there: choose another address, or port 0 for any free port',
  EACCES: 'This user lacks the permission: choose port 1024 or higher, or a directory it can write to',
  EPERM: 'This user lacks the permission: choose port 1024 or higher, or a directory it can write to',
  EADDRNOTAVAIL: 'This machine has no such address: 127.0.0.1 always works',
  ENOTFOUND: 'The host name is unknown: use an address such as 127.0.0.1',
  EAI_AGAIN: 'The host name cannot be resolved: use an address such as 127.0.0.1',
  ENOENT: 'The directory does not exist: create it first',
  EAFNOSUPPORT: 'This machine does not support that protocol: 127.0.0.1 always works',
};
