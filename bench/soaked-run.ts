import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fetchReport } from '../src/cli/ops-client.js';
import { parseSnapshotFile } from '../src/heap.js';
import type { Finding, FindingStatus, Pace, Report } from '../src/index.js';
import { type OwnMemory, ownMemory } from './own-memory.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import type { LoadCounts, SteadyLoad } from './soak-load.js';
import type { SoakAnswer, SoakedAddress, SoakOrder } from './soaked-service.js';

const REGISTER = new URL('../src/register.js', import.meta.url).href;
const END_MS = 30_000;
const MARK_MS = 120_000;
const ANSWER_MS = 10_000;

export interface SoakPlan {
  readonly name: string;
  /** Null: unwatched. */
  readonly pace: Pace | null;
  /** Breaks the watcher so that its memory grows, which the soak must notice. */
  readonly careless: boolean;
  readonly load: Omit<SteadyLoad, 'port'>;
}

/** What the system reports about a process, without involving the process. */
export interface Look {
  readonly ms: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Its child processes: forked copies, and the analysis process. */
  readonly children: number;
  /** Files in the state directory and in the directory for temporary files. */
  readonly diskBytes: number;
}

/** The heap at one time, after a GC. */
export interface Mark extends SoakAnswer {
  readonly ms: number;
  /** For the unwatched service as well, where it must be zero. */
  readonly own: OwnMemory;
}

export interface SeenFinding {
  readonly finding: Finding;
  /** Each change of status with the time it was first seen, milliseconds since the start. */
  readonly statuses: readonly { readonly status: FindingStatus; readonly ms: number }[];
}

/** All observations of one service, as they are stored in a file. */
export interface SoakRecord {
  readonly plan: SoakPlan;
  readonly ranMs: number;
  readonly looks: readonly Look[];
  readonly marks: readonly Mark[];
  readonly findings: readonly SeenFinding[];
  /** Each state of the watcher that was seen, and how often. */
  readonly states: readonly (readonly [string, number])[];
  /** Every capture that appeared in any report. */
  readonly captures: readonly Report['watcher']['captures'][number][];
  /** How often the watcher failed to answer with its report or its metrics. */
  readonly unanswered: number;
  /** Looks during which a file or process disappeared. */
  readonly missed: number;
  readonly load: LoadCounts | null;
  /** The last one. */
  readonly report: Report | null;
  /** What went wrong with the measurement; null if nothing did. */
  readonly trouble: string | null;
}

/** One service of the soak, its load, and the observation of both. Linux only: it reads /proc. */
export class SoakedRun {
  readonly plan: SoakPlan;
  readonly #looks: Look[] = [];
  readonly #marks: Mark[] = [];
  readonly #states = new Map<string, number>();
  readonly #captures = new Map<string, Report['watcher']['captures'][number]>();
  #unanswered = 0;
  #missed = 0;
  #counts: LoadCounts | null = null;
  #report: Report | null = null;
  #trouble: string | null = null;
  readonly #folder: string;
  readonly #token: string;
  readonly #seen = new Map<string, { finding: Finding; statuses: { status: FindingStatus; ms: number }[] }>();
  readonly #startedAt = performance.now();
  #service: ChildProcess | null = null;
  #load: ChildProcess | null = null;

  constructor(plan: SoakPlan, folder: string, token: string) {
    this.plan = plan;
    this.#folder = join(folder, plan.name);
    this.#token = token;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  get latestMark(): Mark | null {
    return this.#marks.at(-1) ?? null;
  }

  record(): SoakRecord {
    return {
      plan: this.plan,
      ranMs: this.elapsedMs,
      looks: this.#looks,
      marks: this.#marks,
      findings: [...this.#seen.values()],
      states: [...this.#states],
      captures: [...this.#captures.values()],
      unanswered: this.#unanswered,
      missed: this.#missed,
      load: this.#counts,
      report: this.#report,
      trouble: this.#trouble,
    };
  }

  async start(): Promise<void> {
    for (const name of ['state', 'tmp']) mkdirSync(join(this.#folder, name), { recursive: true });
    const { pace, careless } = this.plan;
    const args = careless ? ['careless'] : [];
    const node = pace === null ? [] : ['--import', REGISTER];
    const service = startProgram('soaked-service.js', args, this.#environment(), node);
    this.#service = service;
    service.on('exit', (code, signal) => {
      this.#trouble ??= `it ended by itself, with ${code ?? signal}`;
    });
    const { port } = JSON.parse(await firstLine(service)) as SoakedAddress;
    this.#load = startProgram('soak-load.js', [JSON.stringify({ port, ...this.plan.load })]);
  }

  /** Asks the watcher for its report and metrics, and the system for its figures. */
  async look(): Promise<void> {
    const pid = this.#service?.pid;
    if (pid === undefined || this.#trouble !== null) return;
    try {
      this.#looks.push({ ms: this.elapsedMs, ...figuresOf(pid), diskBytes: diskBytes(this.#folder) });
    } catch {
      // A file or a process disappeared during the look.
      this.#missed += 1;
    }
    if (this.plan.pace === null) return;
    const answer = await fetchReport(this.#socket, this.#token);
    if (answer === 'later' || answer === 'gone') this.#unanswered += 1;
    else this.#note(answer);
    if (!(await isScraped(this.#socket, this.#token))) this.#unanswered += 1;
  }

  async mark(): Promise<void> {
    if (this.#service === null || this.#trouble !== null) return;
    const snapshot = join(this.#folder, 'mark.heapsnapshot');
    const order: SoakOrder = { snapshot };
    const ms = this.elapsedMs;
    try {
      this.#service.send(order);
      const answered = once(this.#service, 'message', { signal: AbortSignal.timeout(MARK_MS) });
      const [answer] = (await answered) as [SoakAnswer];
      this.#marks.push({ ms, ...answer, own: ownMemory(await parseSnapshotFile(snapshot)) });
    } catch (error) {
      this.#trouble ??= `no snapshot: ${String(error)}`;
    }
    rmSync(snapshot, { force: true });
  }

  async stop(): Promise<void> {
    if (this.#load?.connected === true) {
      this.#load.send('counts');
      [this.#counts] = (await once(this.#load, 'message')) as [LoadCounts];
      await endProgram(this.#load);
    }
    if (this.#service === null || this.#trouble !== null) return;
    this.#service.removeAllListeners('exit');
    this.#service.kill('SIGTERM');
    try {
      await once(this.#service, 'exit', { signal: AbortSignal.timeout(END_MS) });
      if (this.plan.pace !== null) this.#note(JSON.parse(readFileSync(this.#reportFile, 'utf8')) as Report);
    } catch (error) {
      this.#trouble = `no final report: ${String(error)}`;
    }
  }

  async kill(): Promise<void> {
    for (const child of [this.#load, this.#service]) if (child !== null) await endProgram(child);
  }

  get #socket(): string {
    return join(this.#folder, 'ops');
  }

  get #reportFile(): string {
    return join(this.#folder, 'report.json');
  }

  #environment(): Record<string, string> {
    const TMPDIR = join(this.#folder, 'tmp');
    const { pace } = this.plan;
    if (pace === null) return { TMPDIR };
    return {
      TMPDIR,
      LEAKWATCH_PACE: pace,
      LEAKWATCH_TOKEN: this.#token,
      LEAKWATCH_LISTEN: `unix:${this.#socket}`,
      LEAKWATCH_REPORT: this.#reportFile,
      LEAKWATCH_STATE_DIR: join(this.#folder, 'state'),
    };
  }

  #note(report: Report): void {
    this.#report = report;
    const { watcher, findings } = report;
    this.#states.set(watcher.state, (this.#states.get(watcher.state) ?? 0) + 1);
    for (const capture of watcher.captures) this.#captures.set(capture.id, capture);
    for (const finding of findings) {
      const seen = this.#seen.get(finding.id) ?? { finding, statuses: [] };
      seen.finding = finding;
      if (seen.statuses.at(-1)?.status !== finding.status) {
        seen.statuses.push({ status: finding.status, ms: this.elapsedMs });
        const minutes = (this.elapsedMs / 60_000).toFixed(1);
        console.log(`${this.plan.name}  ${minutes} min  ${finding.status}: ${finding.title}`);
      }
      this.#seen.set(finding.id, seen);
    }
  }
}

/** Scrapes the metrics as Prometheus would. */
async function isScraped(socketPath: string, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const asked = get({ socketPath, path: '/metrics', headers, signal, agent: false });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

function figuresOf(pid: number): Omit<Look, 'ms' | 'diskBytes'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return {
    rssBytes: number('VmRSS') * 1024,
    threads: number('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    children: children === '' ? 0 : children.split(' ').length,
  };
}

function diskBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'mark.heapsnapshot') continue;
    // A file may disappear meanwhile.
    bytes += lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
