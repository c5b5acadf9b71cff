import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { AnsweringAddress } from './answering-service.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import { percentile } from './statistics.js';

/** Not measured, and measured. The metrics answer 120 requests a minute; the report's listener here has no such limit. */
const PLANS = { leaks: { warmUp: 200, requests: 1_000 }, metrics: { warmUp: 20, requests: 100 } } as const;

export interface AnswerResult {
  readonly name: keyof typeof PLANS;
  readonly requests: number;
  readonly bytes: number;
  readonly p99Ms: number;
  /** Mean CPU of the whole process, a request: more than it holds the event loop, whatever else the machine does. */
  readonly cpuMs: number;
}

/** Reads the report of 50 findings and the metrics, one request after the other. */
export async function measureAnswers(folder: string): Promise<AnswerResult[]> {
  const service = startProgram('answering-service.js', [], { BENCH_FOLDER: join(folder, 'answers') });
  try {
    const address = JSON.parse(await firstLine(service)) as AnsweringAddress;
    return [await measure(service, address, 'leaks'), await measure(service, address, 'metrics')];
  } finally {
    await endProgram(service);
  }
}

async function measure(
  service: ChildProcess,
  address: AnsweringAddress,
  name: keyof typeof PLANS,
): Promise<AnswerResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${address.token}` };
  const read = async () => {
    const started = performance.now();
    const [response] = (await once(get(address[name], { agent, headers }), 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`${name}: status ${response.statusCode}`);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    return { bytes, ms: performance.now() - started };
  };
  const { warmUp, requests } = PLANS[name];
  for (let count = 0; count < warmUp; count++) await read();
  const before = await cpuMsOf(service);
  const answers: { readonly bytes: number; readonly ms: number }[] = [];
  for (let count = 0; count < requests; count++) answers.push(await read());
  const cpuMs = ((await cpuMsOf(service)) - before) / requests;
  agent.destroy();
  const p99Ms = percentile(
    answers.map(({ ms }) => ms),
    0.99,
  );
  return { name, requests, bytes: answers.at(-1)?.bytes ?? 0, p99Ms, cpuMs };
}

async function cpuMsOf(service: ChildProcess): Promise<number> {
  service.send('cpu');
  const [ms] = await once(service, 'message');
  return ms as number;
}
