/** Starts and stops a watcher a hundred times with everything on, and prints what is left behind. Needs --expose-gc. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getTasks } from 'node-cron';
import { watch } from '../../../src/index.js';
import { issueToken } from '../../../src/options/tokens.js';

const TOKEN = issueToken();
const WARM_UP = 50;
const ROUNDS = 100;

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-rounds-'));
const collect = globalThis.gc ?? (() => {});

async function round(): Promise<WeakRef<object>> {
  const watcher = await watch({
    token: TOKEN,
    listen: '127.0.0.1:0',
    pace: 'fast',
    stateDir: join(folder, 'state'),
    report: join(folder, 'report.json'),
  });
  watcher.router();
  watcher.on('sample', () => {});
  collect();
  await ask(`${watcher.address}/ops/leaks`);
  await watcher.stop();
  return new WeakRef(watcher);
}

/** Not fetch(): it keeps a pool for every origin it ever saw, and each round has a new one. */
async function ask(url: string): Promise<void> {
  const request = get(url, { agent: false, headers: { authorization: `Bearer ${TOKEN}` } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response.resume(), 'close');
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await sleep(30);
    collect();
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function residue(watchers: readonly WeakRef<object>[], heapBytes: readonly number[]) {
  return {
    resources: { ...count(process.getActiveResourcesInfo()), cron: getTasks().size },
    descriptors: readdirSync('/proc/self/fd').filter((name) => name !== '').length,
    listeners: Object.fromEntries(
      ['exit', 'SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException'].map((name) => [
        name,
        process.listenerCount(name),
      ]),
    ),
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
      .length,
    collected: watchers.filter((watcher) => watcher.deref() === undefined).length,
    heapBytes,
  };
}

for (let i = 0; i < WARM_UP; i++) await round();
await settle();
const before = residue([], []);
const watchers: WeakRef<object>[] = [];
const heapBytes: number[] = [];
for (let i = 1; i <= ROUNDS; i++) {
  watchers.push(await round());
  if (i % (ROUNDS / 2) === 0) {
    await settle();
    heapBytes.push(process.memoryUsage().heapUsed);
  }
}
console.log(JSON.stringify({ before, after: residue(watchers, heapBytes) }));
rmSync(folder, { recursive: true });
