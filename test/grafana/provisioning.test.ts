import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_ROOT, promtool, skipWithout } from './tool.js';

async function provisioned(path: string): Promise<unknown> {
  return parse(await readFile(join(PACKAGE_ROOT, 'grafana/provisioning', path), 'utf8'));
}

test('promtool accepts the configuration, its rules and its token file', {
  skip: skipWithout('promtool'),
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-config-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(join(PACKAGE_ROOT, 'grafana'), join(folder, 'grafana'), { recursive: true });
  const token = join(folder, 'examples/leaky-service/.run/token');
  await mkdir(dirname(token), { recursive: true });
  await writeFile(token, 'token\n', { mode: 0o600 });
  const { status, output } = promtool([
    'check',
    'config',
    join(folder, 'grafana/provisioning/prometheus.yml'),
  ]);
  assert.equal(status, 0, output);
  assert.match(output, /leakwatch\.rules\.yaml\n\s+SUCCESS/);
});

test('Prometheus scrapes the demo on loopback with the token the demo writes', async () => {
  const config = (await provisioned('prometheus.yml')) as {
    readonly scrape_configs: readonly [
      { readonly metrics_path: string; readonly authorization: object; readonly static_configs: object },
    ];
  };
  const [scrape] = config.scrape_configs;
  assert.equal(scrape.metrics_path, '/metrics');
  assert.deepEqual(scrape.authorization, {
    type: 'Bearer',
    credentials_file: '../../examples/leaky-service/.run/token',
  });
  assert.deepEqual(scrape.static_configs, [{ targets: ['127.0.0.1:9464'] }]);
});

test('Grafana is given a Prometheus data source and the folder of dashboards', async () => {
  const sources = (await provisioned('datasources/prometheus.yaml')) as {
    readonly datasources: readonly { readonly type: string }[];
  };
  assert.deepEqual(
    sources.datasources.map(({ type }) => type),
    ['prometheus'],
  );
  const dashboards = (await provisioned('dashboards/leakwatch.yaml')) as {
    readonly providers: readonly { readonly type: string }[];
  };
  assert.deepEqual(
    dashboards.providers.map(({ type }) => type),
    ['file'],
  );
});
