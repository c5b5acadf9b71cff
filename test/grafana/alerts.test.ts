import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ALERTS, renderRules } from '../../grafana/src/alerts.js';
import { METRIC_NAMES, METRIC_TABLE } from '../../src/metrics/metric-table.js';
import { PACKAGE_ROOT, promtool, skipWithout } from './tool.js';

/** What a rule must not fire on, as the tests of promtool name it. */
const LOOK_ALIKES = ['sawtooth', 'warm-up', 'restart', 'gaps', 'step change', 'idle day'];
const PARTS = ['What it means', 'How to check', 'What to do', 'Causes of a false alarm'];

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly for: string;
      readonly keep_firing_for?: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

interface PromtoolTests {
  readonly tests: readonly { readonly name: string }[];
}

function rulesOf(text: string): RuleFile['groups'][number]['rules'] {
  return (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules);
}

function testFile(name: string): string {
  return join(PACKAGE_ROOT, 'grafana/alerts/tests', `${name}.test.yaml`);
}

test('promtool accepts the rules', { skip: skipWithout('promtool') }, () => {
  const { status, output } = promtool([
    'check',
    'rules',
    join(PACKAGE_ROOT, 'grafana/alerts/leakwatch.rules.yaml'),
  ]);
  assert.equal(status, 0, output);
  assert.match(output, new RegExp(`${ALERTS.length} rules found`));
});

for (const alert of ALERTS) {
  test(`${alert.name} fires on what it is for and on nothing that looks like it`, {
    skip: skipWithout('promtool'),
  }, () => {
    const { status, output } = promtool(['test', 'rules', testFile(alert.name)]);
    assert.equal(status, 0, output);
  });

  test(`${alert.name} is tested on the leak and on every look-alike`, async () => {
    const { tests } = parse(await readFile(testFile(alert.name), 'utf8')) as PromtoolTests;
    const names = tests.map(({ name }) => name);
    assert.ok(
      names.some((name) => name.startsWith('fires on ')),
      'fires',
    );
    for (const look of LOOK_ALIKES)
      assert.ok(
        names.some((name) => name.startsWith(`silent on ${look}`)),
        look,
      );
  });

  test(`${alert.name} has a runbook with all its parts in the file that it names`, async () => {
    const { annotations } = rulesOf(renderRules()).find((rule) => rule.alert === alert.name)!;
    const runbook = await readFile(join(PACKAGE_ROOT, annotations['runbook']!), 'utf8');
    assert.ok(runbook.startsWith(`# ${alert.name}\n`));
    assert.ok(runbook.includes(`**Severity** ${alert.severity}`));
    for (const part of PARTS) assert.ok(runbook.includes(`## ${part}\n`), part);
  });

  test(`${alert.name} asks for metrics and label values that exist, and tells the value and the instance`, () => {
    for (const [name] of alert.expr.matchAll(/leakwatch_\w+/g))
      assert.ok(
        METRIC_NAMES.some((known) => known === name),
        name,
      );
    for (const [, label, value] of alert.expr.matchAll(/(\w+)="(\w+)"/g)) {
      const listed = Object.values(METRIC_TABLE).some(({ labels }) => {
        const values = (labels as Readonly<Record<string, unknown>>)[label!];
        return Array.isArray(values) && values.includes(value);
      });
      assert.ok(listed, `${label}="${value}"`);
    }
    assert.match(alert.description, /\$value/);
    assert.match(alert.description, /\$labels\.instance/);
  });
}

test('the waiting times can be shortened for a test, and nothing else changes', () => {
  const usual = rulesOf(renderRules());
  const short = rulesOf(renderRules({ times: { for: '1s', keepFiringFor: null } }));
  assert.deepEqual(
    short.map((rule) => rule.for),
    ALERTS.map(() => '1s'),
  );
  assert.ok(short.every((rule) => rule.keep_firing_for === undefined));
  const withoutTimes = (rules: typeof usual) =>
    rules.map((rule) => ({ ...rule, for: null, keep_firing_for: null }));
  assert.deepEqual(withoutTimes(short), withoutTimes(usual));
});

test('alerts link the runbooks at a given address, and at none by default', () => {
  for (const runbooks of ['https://wiki.example/leaks', 'https://wiki.example/leaks/']) {
    assert.deepEqual(
      rulesOf(renderRules({ runbooks })).map(({ annotations }) => annotations['runbook_url']),
      ALERTS.map(({ name }) => `https://wiki.example/leaks/${name}.md`),
    );
  }
  assert.doesNotMatch(renderRules(), /runbook_url|https?:/);
});
