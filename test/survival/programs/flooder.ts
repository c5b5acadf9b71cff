/**
 * A client that floods the ops listener, in its own process: `node flooder.js JSON` with a `FloodOrder`. Each of its
 * connections sends its next attempt as soon as the last one is answered, or as soon as it could connect again. Prints a
 * `FloodResult` as one line of JSON.
 */
import { connect } from 'node:net';

/** `silent` connections send nothing; `pipelined` ones fill a packet with requests before they read; a `crowd` is `keep-alive`, but more. */
export type FloodKind = 'keep-alive' | 'new connections' | 'pipelined' | 'silent' | 'broken' | 'crowd';

export interface FloodOrder {
  readonly kind: FloodKind;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface FloodResult {
  readonly attempts: number;
  readonly connections: number;
  /** Status → responses. */
  readonly responses: Readonly<Record<string, number>>;
}

const order = JSON.parse(process.argv[2] ?? '{}') as FloodOrder;
const responses: Record<string, number> = {};
let attempts = 0;
let connections = 0;
let ended = false;

const request = (connection: string) =>
  `GET /ops/leaks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${'x'.repeat(47)}\r\nConnection: ${connection}\r\n\r\n`;
const ATTEMPTS: Readonly<Record<FloodKind, string>> = {
  'keep-alive': request('keep-alive'),
  crowd: request('keep-alive'),
  'new connections': request('close'),
  pipelined: request('keep-alive').repeat(Math.floor(64_000 / request('keep-alive').length)),
  silent: '',
  broken: 'GET / HTTP/9.9\r\n\r\n',
};

for (let index = 0; index < order.connections; index++) attack();
setTimeout(() => {
  ended = true;
  console.log(JSON.stringify({ attempts, connections, responses } satisfies FloodResult));
  process.exit();
}, order.seconds * 1000);

function attack(): void {
  if (ended) return;
  connections += 1;
  const socket = connect(order.port, '127.0.0.1');
  const send = () => {
    attempts += 1;
    socket.write(ATTEMPTS[order.kind]);
  };
  socket.on('connect', send);
  socket.on('data', (chunk) => {
    for (const [, status] of chunk.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g))
      responses[status!] = (responses[status!] ?? 0) + 1;
    if (order.kind === 'keep-alive' || order.kind === 'crowd') send();
  });
  socket.on('error', () => {});
  socket.on('close', attack);
}
