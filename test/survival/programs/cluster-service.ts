/** A cluster whose workers serve one port and capture themselves meanwhile. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../support/eventually.js';
import { type Capture, captureUntilDone, childrenLeft, say, smallObjects } from '../captures.js';

if (cluster.isPrimary) await lead();
else await serve();

async function lead(): Promise<void> {
  cluster.setupPrimary({ execArgv: process.execArgv });
  const workers = [1, 2].map(() => cluster.fork());
  const reports = workers.map(reportOf);
  const { port } = await new Promise<AddressInfo>((resolve) => {
    cluster.once('listening', (_worker, address) => resolve(address as unknown as AddressInfo));
  });
  let answers = 0;
  let asking = true;
  const asker = (async () => {
    while (asking) {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      if ((await answer.text()) === 'served') answers += 1;
    }
  })();
  const captures = await Promise.all(reports);
  await eventually('requests are answered', () => answers > 0);
  asking = false;
  await asker;
  for (const worker of workers) worker.send('end');
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  say({ captures, codes, left: childrenLeft() });
}

function reportOf(worker: Worker): Promise<readonly Capture[]> {
  return new Promise((resolve) => {
    worker.on('message', (message: { captures?: readonly Capture[] }) => {
      if (message.captures !== undefined) resolve(message.captures);
    });
  });
}

async function serve(): Promise<void> {
  const kept = smallObjects(10_000);
  const server = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const captures: Capture[] = [];
  for (const rung of ['probe', 'census', 'sampled'] as const)
    captures.push(...(await captureUntilDone(rung)));
  process.send!({ captures, kept: kept.length });
  await once(process, 'message');
  process.exit(childrenLeft().length);
}
