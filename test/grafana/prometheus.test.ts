import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { renderRules } from '../../grafana/src/alerts.js';
import { createMetrics } from '../../src/metrics/collectors.js';
import { capture, FakeSource, finding, gcSample, leakingStatus } from '../metrics/fake-source.js';
import { dashboardQueries } from './dashboard-queries.js';
import { type PrometheusServer, startPrometheus, until } from './prometheus.js';
import { promtool, skipWithout } from './tool.js';

const LIMIT_MS = 60_000;

/** Serves the metrics of `source` on loopback; at each scrape the source lives on a little. */
async function serveMetrics(source: FakeSource, atEnd: (() => unknown)[]): Promise<string> {
  const metrics = createMetrics(source);
  const server = createServer((_request, response) => {
    source.events.emit('sample', gcSample('minor', 1.2, 500_000));
    source.events.emit('sample', gcSample('major', 30, 4_000_000));
    source.events.emit('capture', capture());
    source.events.emit('finding', finding());
    source.present = { ...leakingStatus(Date.now()), samples: source.present.samples + 2 };
    metrics.exposition().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd.push(() => {
    server.closeAllConnections();
    server.close();
    metrics.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configuration(target: string): string {
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [leakwatch.rules.yaml]
scrape_configs:
  - { job_name: shop, static_configs: [{ targets: ["${target}"] }] }
`;
}

async function scrapes(prometheus: PrometheusServer): Promise<number> {
  const [count] = await prometheus.query('count_over_time(leakwatch_build_info[10m])');
  return count?.value ?? 0;
}

test('promtool finds nothing to object to in the exposition', { skip: skipWithout('promtool') }, async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  for (const text of [await metrics.exposition(), await leakingExposition()]) {
    assert.deepEqual(promtool(['check', 'metrics'], text), { status: 0, output: '' });
  }

  async function leakingExposition(): Promise<string> {
    source.present = leakingStatus(Date.now());
    return await metrics.exposition();
  }
});

describe('a real Prometheus that scrapes a service that leaks', { skip: skipWithout('prometheus') }, () => {
  const atEnd: (() => unknown)[] = [];
  let target = '';
  let prometheus: PrometheusServer;

  before(async () => {
    target = await serveMetrics(new FakeSource(), atEnd);
    prometheus = await startPrometheus(configuration(target), {
      'leakwatch.rules.yaml': renderRules({ times: { for: '1s', keepFiringFor: null } }),
    });
    atEnd.push(prometheus.stop);
    await until('four scrapes', LIMIT_MS, async () => (await scrapes(prometheus)) >= 4);
  });

  after(async () => {
    for (const end of atEnd.reverse()) await end();
  });

  test('answers every query of the dashboard', async () => {
    const empty: string[] = [];
    for (const { panel, expr, mayBeEmpty } of dashboardQueries('shop', target)) {
      const samples = await prometheus.query(expr);
      if (samples.length === 0 && mayBeEmpty === null) empty.push(`${panel}: ${expr}`);
    }
    assert.deepEqual(empty, []);
  });

  test('knows nothing of an instance that it does not scrape', async () => {
    for (const { expr } of dashboardQueries('shop', 'elsewhere:1')) {
      assert.deepEqual(await prometheus.query(expr), [], expr);
    }
  });

  test('fires the alerts of a leak and not that of a stalled watcher', async () => {
    const firing = async () =>
      (await prometheus.alerts())
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => labels['alertname']);
    await until('two alerts', LIMIT_MS, async () => (await firing()).length >= 2);
    assert.deepEqual((await firing()).sort(), ['NodeHeapExhaustionSoon', 'NodeMemoryLeakConfirmed']);
  });

  test('refuses a wrong query with the reason', async () => {
    await assert.rejects(prometheus.query('rate(leakwatch_build_info'), /parse error/);
  });
});

test('a wrong configuration is an error that holds the log', {
  skip: skipWithout('prometheus'),
}, async () => {
  await assert.rejects(
    startPrometheus('scrape_configs: 7'),
    /prometheus ended with 2:[\s\S]*cannot unmarshal/,
  );
});
