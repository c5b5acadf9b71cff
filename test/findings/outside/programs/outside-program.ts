import { X509Certificate } from 'node:crypto';
import { openSync, watch } from 'node:fs';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { createContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { brotliCompress, gzipSync } from 'node:zlib';
import { OutsideWatch } from '../../../../src/findings/outside/outside-watch.js';
import { PACE_RULES } from '../../../../src/pace/pace.js';
import { createBuiltInSource } from '../../../../src/sampling/built-in-source.js';
import { createHeapReader, processReaders } from '../../../../src/sampling/heap-reader.js';
import { RequestCounter } from '../../../../src/sampling/request-counter.js';

/**
 * A program that leaks, or looks as if it did, and watches itself. Arguments: its name, the slot of the envelope in
 * milliseconds (all times of the pace `fast` shrink with it), and after how many judgements it ends, or with a fourth
 * argument when that is found: `rising Timeout`, `confirmed handles/FSEventWrap`. Prints each as a line of JSON.
 */
const [, , name = '', slot = '5000', slots = '18', until = ''] = process.argv;
const slotMs = Number(slot);
const rules = PACE_RULES.fast.outside;
const scale = slotMs / rules.slotMs;
const fastSeconds = (seconds: number): number => seconds * 1000 * scale;
const held: unknown[] = [];
const every = (ms: number, work: (round: number) => void): void => {
  let round = 0;
  setInterval(() => work(round++), ms);
};

/** About 250 rounds a slot. */
const TICK = Math.max(4, slotMs / 250);

async function serverOf(handler: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}
async function tcpServerOf(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer(onSocket).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}
const ask = (port: number): void => {
  get({ port, host: '127.0.0.1', agent: false }, (answer) => answer.resume()).on('error', () => {});
};

const PROGRAMS: Readonly<Record<string, () => void | Promise<void>>> = {
  'leak timers': () => every(TICK, () => held.push(setInterval(() => {}, 1e8))),
  'leak sockets': async () => {
    const port = await tcpServerOf((socket) => socket.resume());
    every(TICK * 3, () => held.push(connect(port, '127.0.0.1')));
  },
  'leak watchers': () => every(TICK * 4, () => held.push(watch('.', () => {}))),
  'leak descriptors': () => every(TICK * 2, () => held.push(openSync(process.execPath, 'r'))),
  'leak buffers': () => {
    // What V8 collects fully for is pressure; a program without it is left to the graph.
    every(TICK, () => held.push(Buffer.alloc(24_000)));
    every(slotMs / 2, () => gc?.());
  },
  'leak buffers uncollected': () => every(TICK, () => held.push(Buffer.alloc(24_000))),
  'leak contexts': () => {
    every(slotMs / 10, () => held.push(createContext({})));
    every(slotMs / 2, () => gc?.());
  },
  'leak certificates': () =>
    every(TICK, (i) => {
      for (let k = 0; k < 12; k++) held.push(new X509Certificate(rootCertificates[(i + k) % 100]!));
    }),
  'leak secure contexts': () => every(TICK * 2, () => held.push(createSecureContext())),
  'leak native with garbage': () => {
    // Rubbish that V8 has to collect fully for, as a service under load makes it.
    let old: unknown[] = [];
    every(TICK, (i) => {
      for (let k = 0; k < 8; k++) held.push(new X509Certificate(rootCertificates[(i + k) % 100]!));
      old.push(Array.from({ length: 6_000 }, (_, id) => ({ id })));
      if (old.length > 100) old = [];
    });
  },
  'healthy request timeouts': async () => {
    const port = await serverOf((_request, response) => {
      const limit = setTimeout(() => response.destroy(), 1e6);
      setTimeout(() => {
        clearTimeout(limit);
        response.end('done');
      }, slotMs / 4);
    });
    every(TICK, () => ask(port));
  },
  'healthy pool': async () => {
    const port = await tcpServerOf((socket) => socket.resume());
    every(TICK * 2, () => {
      if (held.length < 260) held.push(connect(port, '127.0.0.1'));
    });
  },
  'healthy expiring timers': () => every(TICK, () => setTimeout(() => {}, fastSeconds(300))),
  'healthy keep-alive ramp': async () => {
    const port = await serverOf((_request, response) => response.end('done'));
    every(TICK * 3, () => {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      socket.resume();
      held.push(socket);
    });
  },
  'healthy temporary buffers': () => every(TICK, () => void Buffer.alloc(300_000, 1)),
  'healthy contexts': () => every(slotMs / 20, () => void createContext({})),
  'healthy burst': () => {
    every(slotMs * 2, () => {
      const parts = Array.from({ length: 1000 }, (_, i) => new X509Certificate(rootCertificates[i % 100]!));
      setTimeout(() => parts.splice(0), slotMs);
    });
  },
  'healthy compression': async () => {
    const body = Buffer.alloc(60_000, 'compress me, please. ');
    const port = await serverOf((_request, response) => {
      brotliCompress(body, (_error, packed) => response.end(packed));
      gzipSync(body);
    });
    every(TICK * 4, () => ask(port));
  },
  'healthy worker': () => {
    new Worker('setInterval(() => { globalThis.a = Array.from({length: 2e4}, (_, i) => ({ i })) }, 5)', {
      eval: true,
    });
  },
  'healthy filled buffer': () => {
    const big = Buffer.alloc(400_000_000);
    held.push(big);
    const part = 200_000;
    every(TICK, (round) => big.fill(1, (round * part) % big.length, ((round * part) % big.length) + part));
  },
  'healthy json service': async () => {
    const port = await serverOf((_request, response) => {
      const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `row ${id}`, at: new Date() }));
      response.end(JSON.stringify(rows));
    });
    every(TICK, () => ask(port));
  },
};

const counter = new RequestCounter();
counter.start();
const reader = createHeapReader(
  processReaders(() => counter.counts),
  () => false,
);
const outside = new OutsideWatch({
  ...rules,
  slotMs,
  warmUpMs: rules.warmUpMs * scale,
  confirmMs: rules.confirmMs * scale,
  aloneMs: rules.aloneMs * scale,
});
let judgements = 0;
const tell = (found: ReturnType<OutsideWatch['observe']>): void => {
  if (found === null) return;
  judgements += 1;
  const findings = found.map(({ kind, className, status, reasons }) => ({
    kind,
    className,
    status,
    reasons,
  }));
  process.stdout.write(
    `${JSON.stringify({ atMs: performance.now(), rising: outside.rising.map(({ type }) => type), findings })}\n`,
  );
  const said = [
    ...outside.rising.map(({ type }) => `rising ${type}`),
    ...found.map(({ status, kind, className }) => `${status} ${kind}/${className}`),
  ];
  if (until === '' ? judgements >= Number(slots) : said.includes(until)) process.exit(0);
};
const source = createBuiltInSource('a test');
source.start((events) => {
  for (const sample of reader.afterGc(events)) tell(outside.observe(sample));
});
setInterval(() => tell(outside.observe(reader.onTick())), slotMs / 5);
if (PROGRAMS[name] === undefined) throw new Error(`no program '${name}'`);
await PROGRAMS[name]();
