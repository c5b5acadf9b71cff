import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { renderRules } from '../../grafana/src/alerts.js';
import type { Report } from '../../src/index.js';
import { dashboardQueries } from '../grafana/dashboard-queries.js';
import { type PrometheusServer, startPrometheus, until } from '../grafana/prometheus.js';
import { promtool, skipWithout } from '../grafana/tool.js';
import { fetchChecked } from '../support/openapi-check.js';

const MAIN = fileURLToPath(new URL('../../examples/leaky-service/main.js', import.meta.url));
const LIMIT_MS = 120_000;

/** The demo as `npm start` runs it, once leaking and once repaired, side by side for 120 s. */
class Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly tokenFile: string;
  output = '';

  constructor(folder: string, args: readonly string[]) {
    this.tokenFile = join(folder, args.includes('--healthy') ? 'healthy-token' : 'leaky-token');
    this.child = spawn(
      process.execPath,
      [MAIN, '--for', '120s', '--ops-port', '0', '--token-file', this.tokenFile, ...args],
      {
        // What an earlier run found would show as well.
        env: { ...process.env, XDG_STATE_HOME: `${this.tokenFile}-state` },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text) => {
        this.output += String(text);
      });
    }
    this.ended = once(this.child, 'close').then(([code]) => code);
  }

  async started(): Promise<void> {
    await until('the demo to start', LIMIT_MS, async () => /watcher\s+http/.test(this.output));
  }

  get ops(): string {
    return /watcher\s+(http:\/\/[\d.:]+)/.exec(this.output)?.[1] ?? '';
  }

  get target(): string {
    return new URL(this.ops).host;
  }

  get token(): string {
    return readFileSync(this.tokenFile, 'utf8').trim();
  }

  async ask(path: string, token = this.token): Promise<Response> {
    return await fetchChecked(this.ops + path, {
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    });
  }
}

describe('The demo, scraped by a real Prometheus', {
  skip: skipWithout('prometheus'),
  timeout: 300_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-demo-'));
  let leaky: Demo;
  let healthy: Demo;
  let prometheus: PrometheusServer;

  before(async () => {
    leaky = new Demo(folder, []);
    healthy = new Demo(folder, ['--healthy']);
    await Promise.all([leaky.started(), healthy.started()]);
    const job = (name: string, demo: Demo) =>
      `- { job_name: ${name}, authorization: { credentials: "${demo.token}" }, static_configs: [{ targets: ["${demo.target}"] }] }`;
    prometheus = await startPrometheus(
      `global: { scrape_interval: 2s, evaluation_interval: 2s }
rule_files: [leakwatch.rules.yaml]
scrape_configs:
  ${job('leaky', leaky)}
  ${job('healthy', healthy)}
`,
      { 'leakwatch.rules.yaml': renderRules({ times: { for: '4s', keepFiringFor: null } }) },
    );
  });

  after(async () => {
    leaky?.child.kill();
    healthy?.child.kill();
    await prometheus?.stop();
    rmSync(folder, { recursive: true });
  });

  it('answers nobody without the token, and the report with it', async () => {
    for (const path of ['/ops/leaks', '/ops/metrics', '/metrics', '/anything']) {
      assert.equal((await leaky.ask(path, '')).status, 401, path);
    }
    const report = (await (await leaky.ask('/ops/leaks')).json()) as Report;
    assert.equal(report.schemaVersion, 1);
  });

  it('serves metrics that promtool accepts', async () => {
    assert.deepEqual(promtool(['check', 'metrics'], await (await leaky.ask('/metrics')).text()), {
      status: 0,
      output: '',
    });
  });

  it('confirms the session store as the holder of the leaking sessions', async () => {
    let finding: Report['findings'][number] | undefined;
    await until('a confirmed finding', LIMIT_MS, async () => {
      const report = (await (await leaky.ask('/ops/leaks')).json()) as Report;
      finding = report.findings.find(({ status }) => status === 'confirmed');
      return finding !== undefined;
    });
    assert.equal(finding?.className, 'string');
    assert.ok(finding?.retainerPath.some(({ edge }) => edge === 'sessions'));
    assert.ok(finding?.retainerPath.some(({ node }) => node === 'MemoryStore'));
    assert.ok((finding?.growth.bytesPerRequest ?? 0) > 100);
  });

  it('gives Prometheus data for every panel of the dashboard', async () => {
    const empty: string[] = [];
    for (const { panel, expr, mayBeEmpty } of dashboardQueries('leaky', leaky.target)) {
      if ((await prometheus.query(expr)).length === 0 && mayBeEmpty === null) empty.push(`${panel}: ${expr}`);
    }
    assert.deepEqual(empty, []);
  });

  it('lets NodeMemoryLeakConfirmed fire for the leak', async () => {
    await until('the alert', LIMIT_MS, async () =>
      (await firing('leaky')).includes('NodeMemoryLeakConfirmed'),
    );
  });

  it('ends with 1 for the leak and 0 for the healthy service, for which no leak alert fired', async () => {
    const code = await leaky.ended;
    assert.equal(code, 1, leaky.output);
    assert.match(leaky.output, /MemoryStore › sessions/);
    const fired = await firing('healthy');
    assert.equal(await healthy.ended, 0, healthy.output);
    assert.deepEqual(
      fired.filter((name) => name.startsWith('NodeMemoryLeak')),
      [],
    );
    assert.doesNotMatch(healthy.output, /suspected|confirmed/);
  });

  async function firing(job: string): Promise<string[]> {
    const alerts = await prometheus.alerts();
    return alerts
      .filter(({ state, labels }) => state === 'firing' && labels['job'] === job)
      .map(({ labels }) => labels['alertname'] ?? '');
  }
});
