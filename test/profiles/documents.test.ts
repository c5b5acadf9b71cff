/**
 * The configurations of scrapers in docs/profiles.md, against the formats that their projects publish: the names of fields
 * below are those of Alloy's `pyroscope.scrape` (its reference, and `Arguments` in its source), of Parca's `ScrapeConfig`
 * (with Prometheus' client configuration) and of the schema of the collector's pprof receiver.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { routeOf } from '../../src/http/routes.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const PAGE = readFileSync(join(ROOT, 'docs', 'profiles.md'), 'utf8');
const PATH = `/ops${routeOf('heapProfile').path}`;

type Tree = { readonly [name: string]: Tree };

function blocks(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text!,
  );
}

function yaml(field: string): Tree {
  const found = blocks('yaml').map((text) => parse(text) as Tree);
  return found.find((one) => field in one)!;
}

function hasOnly(tree: Tree, ...allowed: string[]): void {
  assert.deepEqual(
    Object.keys(tree).filter((name) => !allowed.includes(name)),
    [],
  );
}

describe('The configuration in docs/profiles.md', () => {
  it('for Parca has the fields of its scrape configuration, and switches the other profiles of Go off', () => {
    const config = yaml('scrape_configs');
    hasOnly(config, 'object_storage', 'scrape_configs');
    const [job] = config['scrape_configs'] as unknown as [Tree];
    hasOnly(
      job,
      ...['job_name', 'params', 'scrape_interval', 'scrape_timeout', 'scheme', 'normalized_addresses'],
      ...['profiling_config', 'relabel_configs', 'static_configs', 'authorization', 'tls_config'],
    );
    hasOnly(job['authorization']!, 'type', 'credentials', 'credentials_file');
    const seconds = (field: string) => Number.parseInt(String(job[field]), 10);
    assert.ok(seconds('scrape_timeout') > seconds('scrape_interval'), 'Parca refuses any other');
    const { memory, ...others } = job['profiling_config']!['pprof_config']!;
    assert.deepEqual(memory, {
      enabled: true,
      path: PATH,
      keep_sample_type: [{ type: 'inuse_space', unit: 'bytes' }],
    });
    assert.deepEqual(Object.keys(others).sort(), ['block', 'goroutine', 'mutex', 'process_cpu']);
    for (const other of Object.values(others)) assert.deepEqual(other, { enabled: false });
  });

  it('for the OpenTelemetry Collector has the fields of the pprof receiver', () => {
    const config = yaml('receivers');
    const { remote } = config['receivers']!['pprof']!;
    hasOnly(
      remote!,
      ...['collection_interval', 'initial_delay', 'timeout'],
      ...['endpoint', 'headers', 'auth', 'tls', 'compression', 'proxy_url', 'read_buffer_size'],
    );
    assert.equal(new URL(String(remote!['endpoint'])).pathname, PATH);
    const { authenticator } = remote!['auth']!;
    assert.deepEqual(Object.keys(config['extensions']!), [authenticator]);
    const { extensions, pipelines } = config['service']!;
    assert.deepEqual(extensions, [authenticator]);
    const { receivers, exporters } = pipelines!['profiles']!;
    assert.deepEqual([receivers, exporters], [['pprof'], Object.keys(config['exporters']!)]);
  });

  it('for Alloy has the arguments and blocks of pyroscope.scrape, and switches the other profiles of Go off', () => {
    const [text = ''] = blocks('alloy');
    const scrape = text.slice(0, text.indexOf('pyroscope.write "default"'));
    const names = [...scrape.matchAll(/^ *([a-z_.]+)(?: "\w+")? *[={]/gm)].map(([, name]) => name!);
    const known = [
      ...['pyroscope.scrape', 'targets', 'forward_to', 'scrape_interval', 'bearer_token_file'],
      ...['profiling_config', 'profile.memory', 'profile.block', 'profile.goroutine', 'profile.mutex'],
      ...['profile.process_cpu', 'enabled', 'path', 'delta'],
    ];
    assert.deepEqual([...new Set(names)].sort(), known.sort());
    assert.match(
      scrape,
      new RegExp(`profile\\.memory \\{\\n *enabled = true\\n *path +\\= "${PATH}"\\n *delta +\\= false\\n`),
    );
    assert.equal(
      scrape.match(/profile\.(block|goroutine|mutex|process_cpu) \{\n *enabled = false\n *\}/g)?.length,
      4,
    );
    assert.equal(text.split('{').length, text.split('}').length);
  });
});
