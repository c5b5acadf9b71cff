import { exec } from 'node:child_process';
import { createHash, pbkdf2 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, createServer, get } from 'node:http';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInThisContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';

/** Something that a service does all the time while it is captured. */
interface Business {
  /** Goes up with each thing done. */
  done(): number;
  /** Ends it, and returns what went wrong. */
  stop(): Promise<readonly string[]>;
}

const derive = promisify(pbkdf2);
const compress = promisify(gzip);
const run = promisify(exec);

/** Does `work` again and again, `times` at once; the first failure of each is kept. */
function repeatedly(times: number, work: () => Promise<void>): Business {
  let stopping = false;
  let done = 0;
  const problems: string[] = [];
  const loops = Array.from({ length: times }, async () => {
    while (!stopping) {
      try {
        await work();
        done += 1;
      } catch (error) {
        problems.push(String(error));
        return;
      }
      // Not all of the time, or the child would hardly ever have its turn.
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  });
  return {
    done: () => done,
    async stop() {
      stopping = true;
      await Promise.all(loops);
      return problems;
    },
  };
}

function same(what: string, got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`${what}: ${got} instead of ${wanted}`);
}

async function timers(): Promise<Business> {
  let done = 0;
  const intervals = Array.from({ length: 100 }, (_, index) =>
    setInterval(
      () => {
        done += 1;
      },
      1 + (index % 10),
    ),
  );
  return {
    done: () => done,
    async stop() {
      for (const interval of intervals) clearInterval(interval);
      return [];
    },
  };
}

async function sockets(): Promise<Business> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => response.end(`seen ${request.url}`));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let asked = 0;
  const business = repeatedly(8, async () => {
    asked += 1;
    const path = `/${asked}`;
    const answer = await new Promise<string>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path, agent }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve(text)).on('error', reject);
      }).on('error', reject);
    });
    same('answer', answer, `seen ${path}`);
  });
  return {
    done: business.done,
    async stop() {
      const problems = await business.stop();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      return problems;
    },
  };
}

async function threadPool(): Promise<Business> {
  const path = fileURLToPath(import.meta.url);
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const contents = digest(await readFile(path));
  const key = (await derive('secret', 'salt', 2000, 32, 'sha256')).toString('hex');
  const text = Buffer.alloc(200_000, 'compressible ');
  const compressed = digest(await compress(text));
  return repeatedly(4, async () => {
    await Promise.all([
      readFile(path).then((bytes) => same('file', digest(bytes), contents)),
      derive('secret', 'salt', 2000, 32, 'sha256').then((bytes) => same('key', bytes.toString('hex'), key)),
      compress(text).then((bytes) => same('compressed', digest(bytes), compressed)),
    ]);
  });
}

/** A debugger, a CPU profiler, a sampling heap profiler and allocation tracking, all at once. */
async function inspector(): Promise<Business> {
  const session = new Session();
  session.connect();
  await session.post('Debugger.enable');
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  await session.post('HeapProfiler.enable');
  await session.post('HeapProfiler.startSampling', { samplingInterval: 4096 });
  await session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
  const asking = repeatedly(1, async () => {
    const { result } = await session.post('Runtime.evaluate', { expression: '6 * 7' });
    same('evaluated', String(result.value), '42');
    // What the profilers see is allocated in functions.
    latest = Array.from({ length: 200 }, (_, index) => ({ index }));
  });
  return {
    done: () => (latest.length > 0 ? asking.done() : 0),
    async stop() {
      const problems = [...(await asking.stop())];
      const { profile: cpu } = await session.post('Profiler.stop');
      const { profile: heap } = await session.post('HeapProfiler.stopSampling');
      await session.post('HeapProfiler.stopTrackingHeapObjects', { reportProgress: false });
      session.disconnect();
      if (cpu.nodes.length < 5) problems.push(`the CPU profile has ${cpu.nodes.length} nodes`);
      if (heap.head.children.length === 0) problems.push('the heap profile is empty');
      return problems;
    },
  };
}
let latest: readonly object[] = [];

/** Functions become hot and are optimised in V8's threads, and their types change. */
async function compiler(): Promise<Business> {
  let made = 0;
  return repeatedly(1, async () => {
    made += 1;
    const hot = runInThisContext(
      `(function hot${made}(n) { let sum = ${made}; for (let i = 0; i < n; i++) sum += i % 7 === 0 ? i : -1; return sum; })`,
    ) as (n: number) => number;
    let sum = 0;
    for (let time = 0; time < 200; time++) sum += hot(2000) - hot(1999.5);
    if (!Number.isFinite(sum)) throw new Error(`sum: ${sum}`);
  });
}

/** Other threads with heaps of their own, which they fill and empty. */
async function workers(): Promise<Business> {
  const program = `
    const { parentPort } = require('node:worker_threads');
    let kept = [];
    const turn = () => {
      for (let i = 0; i < 5000; i++) kept.push({ i, text: 'worker ' + i });
      if (kept.length > 200000) kept = [];
      parentPort.postMessage(kept.length);
      setTimeout(turn, 2);
    };
    turn();`;
  let done = 0;
  const problems: string[] = [];
  const threads = [1, 2].map(() => new Worker(program, { eval: true }));
  for (const thread of threads) {
    thread.on('message', () => {
      done += 1;
    });
    thread.on('error', (error) => problems.push(String(error)));
  }
  return {
    done: () => done,
    async stop() {
      await Promise.all(threads.map((thread) => thread.terminate()));
      return problems;
    },
  };
}

/** Another native addon that hooks V8's collections. */
async function memwatch(): Promise<Business> {
  type Memwatch = { on(event: 'stats', listener: () => void): void; removeAllListeners(): void; gc(): void };
  const { default: addon } = (await import('@airbnb/node-memwatch' as string)) as { default: Memwatch };
  let heard = 0;
  addon.on('stats', () => {
    heard += 1;
  });
  const collecting = repeatedly(1, async () => {
    addon.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  return {
    done: () => heard,
    async stop() {
      const problems = [...(await collecting.stop())];
      addon.removeAllListeners();
      return problems;
    },
  };
}

/** Programs that are started and waited for, by a host that also listens for the ends of all its children. */
async function programs(): Promise<Business> {
  let signals = 0;
  const listener = (): void => {
    signals += 1;
  };
  process.on('SIGCHLD', listener);
  let started = 0;
  const running = repeatedly(3, async () => {
    started += 1;
    const word = `number-${started}`;
    const { stdout } = await run(`echo ${word}; exit 0`);
    same('printed', stdout.trim(), word);
    const failure = await run('exit 7').catch((error: { code: number }) => error);
    same('exit code', String((failure as { code?: number }).code), '7');
  });
  return {
    done: running.done,
    async stop() {
      const problems = [...(await running.stop())];
      process.off('SIGCHLD', listener);
      if (signals === 0) problems.push('SIGCHLD was never heard');
      return problems;
    },
  };
}

/** What a service may be at. */
export const BUSY_WAYS = {
  timers,
  sockets,
  'thread-pool': threadPool,
  inspector,
  compiler,
  workers,
  memwatch,
  programs,
} as const;
