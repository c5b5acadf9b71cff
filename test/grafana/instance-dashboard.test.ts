import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceDashboard } from '../../grafana/src/instance-dashboard.js';
import { INSTANCE_ROWS } from '../../grafana/src/instance-panels.js';
import { METRIC_NAMES } from '../../src/metrics/metric-table.js';
import { dashboardQueries } from './dashboard-queries.js';

const dashboard = instanceDashboard();
const panels = INSTANCE_ROWS.flatMap(({ panels }) => panels);

test('the verdict and the time left stand at the top', () => {
  assert.deepEqual(INSTANCE_ROWS[0]?.panels.map(({ title }) => title).slice(0, 4), [
    'State',
    'Confirmed leaks',
    'Suspected leaks',
    'Limit reached in',
  ]);
});

test('every panel has a description, a unit and at least one query with a legend', () => {
  for (const panel of panels) {
    assert.ok(panel.description.length > 20, panel.title);
    assert.notEqual(panel.unit, '', panel.title);
    assert.ok(panel.queries.length > 0, panel.title);
    for (const { legend } of panel.queries) assert.notEqual(legend, '', panel.title);
  }
});

test('every row of panels fills the width of the dashboard and no more', () => {
  for (const { title, panels } of INSTANCE_ROWS) {
    assert.equal(panels.reduce((sum, { width }) => sum + width, 0) % 24, 0, title);
  }
});

test('panel ids are unique', () => {
  const ids = (dashboard.panels ?? []).map(({ id }) => id);
  assert.ok(ids.length > panels.length);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(!ids.includes(undefined));
});

test('data source, job and instance can be chosen', () => {
  assert.deepEqual(
    dashboard.templating?.list?.map(({ name }) => name),
    ['datasource', 'job', 'instance'],
  );
});

test('starts, captures and findings are marked', () => {
  assert.deepEqual(
    dashboard.annotations?.list?.map(({ name }) => name),
    ['Starts', 'Captures', 'Findings'],
  );
});

test('every rate is over the rate interval, and every series is of the chosen instance', () => {
  for (const panel of panels) {
    for (const { expr } of panel.queries) {
      for (const [, range] of expr.matchAll(/\[([^\]]*)\]/g)) assert.equal(range, '$__rate_interval', expr);
    }
  }
  for (const { expr } of dashboardQueries('shop', 'shop-1:9464')) {
    const selectors = [...expr.matchAll(/leakwatch_\w+(\{[^}]*\})?/g)];
    assert.ok(selectors.length > 0, expr);
    for (const [, matchers] of selectors)
      assert.match(matchers ?? '', /^\{job="shop",instance="shop-1:9464"/, expr);
  }
});

test('every metric is on the dashboard, and nothing that is not a metric', () => {
  const text = JSON.stringify(dashboard);
  const shown = new Set(
    [...text.matchAll(/leakwatch_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')),
  );
  assert.deepEqual([...shown].sort(), [...METRIC_NAMES].sort());
});
