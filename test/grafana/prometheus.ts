import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** However a test ends, its Prometheus is gone after this. */
const LIFE_LIMIT_MS = 10 * 60_000;
const READY_LIMIT_MS = 60_000;
const POLL_MS = 200;

/** One element of an instant vector. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface PrometheusServer {
  readonly url: string;
  /** Instant query; a scalar becomes one sample without labels. Rejects with Prometheus's message when the query is wrong. */
  query(expr: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly Alert[]>;
  stop(): Promise<void>;
}

/**
 * Starts a real Prometheus on a free loopback port. `config` is the text of its configuration, `files` (relative path →
 * content) lie beside it: rule files, a token. Storage is a temporary folder that `stop()` removes.
 */
export async function startPrometheus(
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-prometheus-'));
  for (const [path, content] of Object.entries({ ...files, 'prometheus.yml': config })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content, { mode: 0o600 });
  }
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.size=64MB',
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  // Not the option `timeout` of spawn: its timer keeps the test alive where the program is missing.
  const lifeLimit = setTimeout(kill, LIFE_LIMIT_MS).unref();
  const stop = async () => {
    process.off('exit', kill);
    clearTimeout(lifeLimit);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      kill();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await listenAddress(child);
    await until(`${url} to be ready`, READY_LIMIT_MS, async () => (await fetch(`${url}/-/ready`)).ok);
    return { url, query: (expr) => query(url, expr), alerts: () => alerts(url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks again until `condition` holds; rejects after `limitMs` with what was waited for. */
export async function until(what: string, limitMs: number, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await pause(POLL_MS);
  }
}

/** The port is chosen by the system, so it is read off the log. */
async function listenAddress(child: ChildProcess): Promise<string> {
  let log = '';
  const found = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`prometheus ended with ${code}:\n${log}`)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // The head is enough for the address and for a start error; the rest is read on so that the pipe never fills.
      if (log.length < 65_536) log += text;
      const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });
  return await found;
}

type Labels = Readonly<Record<string, string>>;
type Point = readonly [time: number, value: string];

type QueryAnswer =
  | {
      readonly resultType: 'vector';
      readonly result: readonly { readonly metric: Labels; readonly value: Point }[];
    }
  | { readonly resultType: 'scalar'; readonly result: Point };

async function query(url: string, expr: string): Promise<readonly Sample[]> {
  const data = await ask<QueryAnswer>(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`, expr);
  if (data.resultType === 'scalar') return [{ labels: {}, value: numberOf(data.result[1]) }];
  return data.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
}

async function alerts(url: string): Promise<readonly Alert[]> {
  return (await ask<{ readonly alerts: readonly Alert[] }>(`${url}/api/v1/alerts`, 'alerts')).alerts;
}

async function ask<T>(address: string, what: string): Promise<T> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(30_000) });
  const body = (await answer.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data: T;
  };
  if (body.status !== 'success') throw new Error(`${what}: ${body.error}`);
  return body.data;
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
