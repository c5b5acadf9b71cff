import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { issueToken } from '../../src/options/tokens.js';
import type { FloodedAddress, FloodedFigures } from './programs/flooded-service.js';
import type { FloodKind, FloodOrder, FloodResult } from './programs/flooder.js';

const SECONDS = 8;
const CONNECTIONS = 80;
/** Without limits one core is busy with such a flood, so CPU says more than a latency that depends on the machine.
 * `bench/flood` measures the 99th percentile of latencies. */
const MOST_CPU = 0.6;
const MOST_HEAP_BYTES = 4_000_000;
/** Each of the flood's connections gets one answer in a second; the first failures of the minute are answered at once. */
const MOST_RESPONSES = CONNECTIONS * (SECONDS + 1) + 20;

describe('a flood on the own listener', () => {
  const token = issueToken();
  const folder = mkdtempSync(join(tmpdir(), 'lw-flood-'));
  let service: ChildProcess;
  let address: FloodedAddress;

  before(async () => {
    service = start('flooded-service', [], ['--expose-gc'], { BENCH_TOKEN: token, BENCH_FOLDER: folder });
    address = JSON.parse(await firstLine(service)) as FloodedAddress;
    // What is loaded with the first requests is not growth.
    await read(token);
    await flood('new connections', 2);
  });
  after(async () => {
    service.kill('SIGKILL');
    await once(service, 'exit');
    rmSync(folder, { recursive: true });
  });

  for (const kind of ['keep-alive', 'new connections', 'pipelined', 'silent', 'broken'] as const) {
    test(`of ${kind} leaves the service its CPU and memory, and a valid token is served throughout`, async () => {
      const earlier = await figures();
      const running = flood(kind, SECONDS);
      const statuses = { app: new Set<number>(), ops: new Set<number>() };
      let reads = 0;
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      running.then(end, end);
      while (!ended) {
        statuses.ops.add(await read(token));
        statuses.app.add((await fetch(`${address.url}/hello`)).status);
        reads += 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const { responses } = await running;
      const later = await figures();
      assert.deepEqual([...statuses.ops], [200]);
      assert.deepEqual([...statuses.app], [200]);
      assert.ok(reads >= 5, `only ${reads} reads`);
      const answered = Object.values(responses).reduce((sum, count) => sum + count, 0);
      assert.ok(answered <= MOST_RESPONSES, `${answered} responses`);
      assert.ok(!Object.keys(responses).includes('200'));
      assert.ok(later.cpuShare < MOST_CPU, `CPU ${later.cpuShare.toFixed(2)}`);
      const grown = later.heapBytes - earlier.heapBytes;
      assert.ok(grown < MOST_HEAP_BYTES, `${grown} bytes more`);
    });
  }

  async function flood(kind: FloodKind, seconds: number): Promise<FloodResult> {
    const order: FloodOrder = { kind, port: address.opsPort, connections: CONNECTIONS, seconds };
    return JSON.parse(await firstLine(start('flooder', [JSON.stringify(order)]))) as FloodResult;
  }

  async function read(bearer: string): Promise<number> {
    const headers = { authorization: `Bearer ${bearer}`, connection: 'close' };
    const response = await fetch(`http://127.0.0.1:${address.opsPort}/ops/leaks`, { headers });
    await response.arrayBuffer();
    return response.status;
  }

  async function figures(): Promise<FloodedFigures> {
    service.send('figures');
    const [message] = await once(service, 'message');
    return message as FloodedFigures;
  }
});

function start(
  name: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const path = fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
  return spawn(process.execPath, [...nodeOptions, path, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return String(line);
}
