/**
 * `npm start [-- --healthy] [--for 120s] [--port N] [--ops-port N] [--rate N] [--token-file FILE]`
 * Starts the shop and its visitors, and watches it as a person on call would: through `GET /ops/leaks`.
 * Exits with 0 (no leak), 1 (leak) or 2 (it could not be watched).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { issueToken, type Report } from '../../src/index.js';

const HEALTHY_FOR_MS = 120_000;
const POLL_MS = 1000;

const flags = readFlags();
const tokenFile = writeToken();
/** Of the service: the token with its scopes. The other file has the token alone, as Prometheus reads it. */
const grantFile = writeSecret(`${tokenFile}-with-scopes`, `${flags.token} scope=read,metrics,act,profile\n`);
const children: ChildProcess[] = [];
const stop = new AbortController();
let lastLine = 0;
let shopGone = false;
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`could not watch: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
} finally {
  ending = true;
  await Promise.all(children.map(end));
  if (flags.tokenFile === undefined) rmSync(tokenFile, { force: true });
  rmSync(grantFile, { force: true });
}

async function main(): Promise<number> {
  const { shop, ops } = await startShop();
  startChild('load.js', [shop, flags.rate], {});
  console.log(
    `shop      ${shop}  (${flags.healthy ? 'sessions expire' : 'sessions in the default MemoryStore'}, ${flags.rate} requests/s)`,
  );
  console.log(`watcher   ${ops}/ops/leaks  ${ops}/metrics`);
  console.log(`try       curl -H "Authorization: Bearer $(cat ${tokenFile})" ${ops}/ops/leaks`);
  for (const command of ['leaks', 'scan'])
    console.log(`          npx leakwatch ${command} --token-file ${tokenFile} ${ops}`);
  console.log();

  const until = Date.now() + (flags.forMs ?? (flags.healthy ? HEALTHY_FOR_MS : Number.POSITIVE_INFINITY));
  const announced = new Map<string, string>();
  let report: Report | null = null;
  while (Date.now() < until && !stop.signal.aborted) {
    report = await look(ops);
    await announce(report, announced, ops);
    await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  if (shopGone) throw new Error('the shop ended');
  if (report === null) throw new Error('the watcher never answered');
  return conclude(report, await readText(ops));
}

function conclude(report: Report, text: string): number {
  clearLine();
  const count = (status: string): number => report.findings.filter((each) => each.status === status).length;
  const [confirmed, suspected] = [count('confirmed'), count('suspected')];
  console.log(`\n${text.trimEnd()}\n`);
  if (confirmed > 0) console.log(`${confirmed} leak confirmed.`);
  else if (suspected > 0)
    console.log(`${suspected} leak suspected; a longer run would confirm or clear this.`);
  else console.log('No leak.');
  return confirmed + suspected > 0 ? 1 : 0;
}

async function announce(report: Report, announced: Map<string, string>, ops: string): Promise<void> {
  showProgress(report);
  for (const finding of report.findings) {
    if (announced.get(finding.id) === finding.status) continue;
    announced.set(finding.id, finding.status);
    clearLine();
    if (finding.status !== 'confirmed') {
      console.log(`${clock()}  ${finding.status}: ${finding.title}`);
      continue;
    }
    console.log(`\n${(await readText(ops)).trimEnd()}\n`);
    if (flags.forMs === null) console.log('Still serving; Ctrl-C ends it.\n');
  }
}

function showProgress(report: Report): void {
  const { heap, watcher } = report;
  const perMinute = (heap.trend.bytesPerSecond * 60) / 1e6;
  const trend =
    heap.trend.windowMs === 0
      ? 'trend not known yet'
      : `${perMinute >= 0 ? '+' : ''}${perMinute.toFixed(1)} MB/min`;
  const taken = watcher.captures.filter(({ outcome, nodes }) => outcome === 'success' && nodes > 0);
  const line = `${clock()}  live heap ${(heap.liveBytes / 1e6).toFixed(1)} MB  ${trend}  ${taken.length} captures  ${watcher.state}`;
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001b[2K${line}`);
  } else if (Date.now() - lastLine >= 5000) {
    lastLine = Date.now();
    console.log(line);
  }
}

function clearLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
}

async function startShop(): Promise<{ shop: string; ops: string }> {
  const child = startChild('service.js', [], {
    SHOP_HEALTHY: flags.healthy ? '1' : '0',
    SHOP_PORT: flags.port,
    SHOP_OPS_LISTEN: `127.0.0.1:${flags.opsPort}`,
    SHOP_TOKEN_FILE: grantFile,
  });
  child.once('exit', () => {
    shopGone = !stop.signal.aborted && !ending;
    stop.abort();
  });
  const gone = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the shop ended with code ${code}`)),
  );
  const [ready] = (await Promise.race([once(child, 'message'), gone])) as [{ shop: string; ops: string }];
  gone.catch(() => {});
  return ready;
}

function startChild(file: string, args: string[], environment: Record<string, string>): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

async function look(ops: string): Promise<Report> {
  return JSON.parse(await read(ops, 'application/json')) as Report;
}

async function readText(ops: string): Promise<string> {
  return stop.signal.aborted ? '' : await read(ops, 'text/plain');
}

async function read(ops: string, accept: string): Promise<string> {
  const response = await fetch(`${ops}/ops/leaks`, {
    headers: { authorization: `Bearer ${flags.token}`, accept },
  });
  if (!response.ok) throw new Error(`GET /ops/leaks answered ${response.status}`);
  return await response.text();
}

function writeToken(): string {
  const file =
    flags.tokenFile ?? fileURLToPath(new URL('../../../examples/leaky-service/.run/token', import.meta.url));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return writeSecret(file, `${flags.token}\n`);
}

function writeSecret(file: string, content: string): string {
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  return file;
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      healthy: { type: 'boolean', default: false },
      for: { type: 'string' },
      port: { type: 'string', default: '0' },
      'ops-port': { type: 'string', default: '9464' },
      rate: { type: 'string', default: '100' },
      'token-file': { type: 'string' },
    },
  });
  const time = /^(\d+(?:\.\d+)?)(s|m|min)?$/.exec(values.for ?? '0');
  if (time === null) {
    console.error(`--for takes a time such as 120s or 3m, not '${values.for}'`);
    process.exit(2);
  }
  const forMs =
    values.for === undefined ? null : Number(time[1]) * (time[2]?.startsWith('m') === true ? 60_000 : 1000);
  return {
    healthy: values.healthy,
    forMs,
    port: values.port,
    opsPort: values['ops-port'],
    rate: values.rate,
    tokenFile: values['token-file'],
    token: issueToken(),
  };
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
