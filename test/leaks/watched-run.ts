import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Finding, Report } from '../../src/index.js';
import { issueToken } from '../../src/options/tokens.js';

const REGISTER = new URL('../../src/register.js', import.meta.url).href;
const POLL_MS = 1000;
const ANSWER_MS = 10_000;
/** A program that has not ended so long after SIGTERM is killed. */
const END_MS = 15_000;
const MAX_OUTPUT = 4000;

export interface RunPlan {
  readonly name: string;
  readonly leaks: boolean;
  readonly pace: 'fast' | 'production';
  /** Of leaking: 1 is 5 MB a minute or more. For a healthy program, its traffic as part of what it usually has. */
  readonly rate: number;
  readonly forMs: number;
  /** Once a leak is confirmed, the program runs on for this long; a healthy one runs to its end. */
  readonly settleMs: number;
}

/** One program as seen from outside. Times in milliseconds since its start. */
export interface Observation {
  readonly ranMs: number;
  readonly suspectedMs: number | null;
  readonly confirmedMs: number | null;
  /** Titles of all findings that were ever confirmed. */
  readonly everConfirmed: readonly string[];
  /** Worst first, as the final report has them. */
  readonly findings: readonly Finding[];
  /** Graphs that were captured and analysed. */
  readonly captures: number;
  readonly failedCaptures: number;
  readonly longestPauseMs: number;
  /** Of watching, captures and analyses. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** The watcher's state at the end with its reason, and the level and outcome of each capture. */
  readonly watcher: string;
  /** Why the program could not be watched from start to end, or null. */
  readonly trouble: string | null;
}

/** Runs one program of this folder as a user would, watched by `leakwatch/register`, and looks at it every second. */
export async function runWatched(plan: RunPlan): Promise<Observation> {
  const folder = mkdtempSync(join(tmpdir(), 'leaks-'));
  const token = issueToken();
  const socketPath = join(folder, 'ops');
  const reportFile = join(folder, 'report.json');
  const child = spawnProgram(plan, {
    TMPDIR: folder,
    RATE: String(plan.rate),
    LEAKWATCH_PACE: plan.pace,
    LEAKWATCH_TOKEN: token,
    LEAKWATCH_LISTEN: `unix:${socketPath}`,
    LEAKWATCH_REPORT: reportFile,
    LEAKWATCH_STATE_DIR: join(folder, 'state'),
  });
  const log = new ObservationLog();
  let output = '';
  child.stderr?.on('data', (text) => {
    output = (output + String(text)).slice(-MAX_OUTPUT);
  });
  const ended = once(child, 'close');
  let over = false;
  void ended.then(() => {
    over = true;
  });
  try {
    while (!over && log.elapsedMs < plan.forMs && !(plan.leaks && log.confirmedFor(plan.settleMs))) {
      await sleep(POLL_MS);
      const report = await askForLeaks(socketPath, token);
      if (report !== null) log.note(report);
    }
    const endedEarly = over ? `it ended by itself: ${output}` : null;
    await end(child, ended);
    const final = readReport(reportFile);
    if (final !== null) log.note(final);
    return log.observation(endedEarly ?? (final === null ? `it left no report: ${output}` : null));
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

function spawnProgram(plan: RunPlan, environment: Readonly<Record<string, string>>): ChildProcess {
  const path = `./${plan.leaks ? 'leaking' : 'healthy'}/${plan.name}.js`;
  const inherited = Object.entries(process.env).filter(([name]) => !/^(_?LEAKWATCH|NODE)_/.test(name));
  return spawn(process.execPath, ['--import', REGISTER, fileURLToPath(new URL(path, import.meta.url))], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(patience);
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return null;
  }
}

/** Null while nobody answers: at the start, and while the program is busy. */
async function askForLeaks(socketPath: string, token: string): Promise<Report | null> {
  return await new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MS);
    request({ socketPath, path: '/ops/leaks', headers, signal, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text) => {
        body += text;
      });
      answer.on('error', () => resolve(null));
      answer.on('end', () => resolve(answer.statusCode === 200 ? (JSON.parse(body) as Report) : null));
    })
      .on('error', () => resolve(null))
      .end();
  });
}

class ObservationLog {
  readonly #startedAt = performance.now();
  readonly #confirmed = new Map<string, string>();
  readonly #captures = new Map<string, Report['watcher']['captures'][number]>();
  #last: Report | null = null;
  #suspectedMs: number | null = null;
  #confirmedMs: number | null = null;
  #peakRssBytes = 0;

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  confirmedFor(ms: number): boolean {
    return this.#confirmedMs !== null && this.elapsedMs - this.#confirmedMs >= ms;
  }

  note(report: Report): void {
    this.#last = report;
    this.#peakRssBytes = Math.max(this.#peakRssBytes, report.heap.rssBytes);
    for (const capture of report.watcher.captures) this.#captures.set(capture.id, capture);
    for (const finding of report.findings) {
      const confirmed = finding.status === 'confirmed' || finding.confirmedAt !== null;
      if (confirmed) this.#confirmed.set(finding.id, finding.title);
      if (confirmed) this.#confirmedMs ??= this.elapsedMs;
      if (confirmed || finding.status === 'suspected') this.#suspectedMs ??= this.elapsedMs;
    }
  }

  observation(trouble: string | null): Observation {
    const captures = [...this.#captures.values()];
    const graphs = captures.filter(({ rung }) => rung === 'sampled' || rung === 'full');
    const failed = captures.filter(({ outcome }) => outcome !== 'success' && outcome !== 'skipped');
    return {
      ranMs: this.elapsedMs,
      suspectedMs: this.#suspectedMs,
      confirmedMs: this.#confirmedMs,
      everConfirmed: [...this.#confirmed.values()],
      findings: this.#last?.findings ?? [],
      captures: graphs.filter(({ outcome }) => outcome === 'success').length,
      failedCaptures: failed.length,
      longestPauseMs: Math.max(0, ...captures.map((capture) => capture.pauseMs)),
      cpuSeconds:
        (this.#last?.watcher.cost.cpuSeconds ?? 0) +
        captures.reduce((sum, capture) => sum + capture.cpuSeconds, 0),
      peakRssBytes: this.#peakRssBytes,
      watcher: `${this.#last?.watcher.state}: ${this.#last?.watcher.reason}; ${captures.map(({ rung, outcome, reason }) => (outcome === 'success' ? rung : `${rung} ${outcome}: ${reason}`)).join('; ')}`,
      trouble: this.#last === null ? `nobody ever answered; ${trouble ?? ''}` : trouble,
    };
  }
}
