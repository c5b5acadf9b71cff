/**
 * The ops endpoint with a report of 50 findings, and a watcher with its metrics. The first line of stdout is an
 * `AnsweringAddress`; every IPC message is answered with the milliseconds of CPU that the process took so far.
 */
import { watch } from '../src/index.js';
import { ownListener, TOKEN } from '../test/http/ops-fixture.js';
import { finding, reportInput } from '../test/report/report-fixture.js';

export interface AnsweringAddress {
  /** Addresses of the report and of the metrics. */
  readonly leaks: string;
  readonly metrics: string;
  readonly token: string;
}

const FINDINGS = 50;
/** As long as real ones are: a finding of an hour, deep in a service. */
const STEPS = 32;
const PATH_STEPS = 12;
const SITES = 5;

const stateDir = process.env['BENCH_FOLDER'] ?? '.';
const watcher = await watch({ capture: 'off', listen: '127.0.0.1:0', token: TOKEN, stateDir });
const findings = Array.from({ length: FINDINGS }, (_, index) => largeFinding(index));
const { heap } = reportInput();
let reads = 0;
// The heap changes with each reading, and the findings do not: in a live service they change with captures and trends.
const { port } = await ownListener({
  report: () => reportInput({ findings, heap: { ...heap, liveBytes: heap.liveBytes + reads++ } }),
});
const address: AnsweringAddress = {
  leaks: `http://127.0.0.1:${port}/ops/leaks`,
  metrics: `${watcher.address}/metrics`,
  token: TOKEN,
};
console.log(JSON.stringify(address));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.((user + system) / 1000);
});
process.on('disconnect', () => process.exit());

function largeFinding(index: number) {
  const one = finding({ id: `lw-${index.toString(16).padStart(16, '0')}` });
  const steps = Array.from({ length: STEPS }, (_, step) => ({
    ...one.growth.steps[0]!,
    count: 1_000 + step * 29,
    bytes: 1_000_000 + step * 31_999,
  }));
  const path = Array.from({ length: PATH_STEPS }, (_, step) => ({
    ...one.retainerPath[1]!,
    edge: `property${step}`,
  }));
  const site = {
    function: 'recordOrder',
    url: 'file:///srv/shop/src/orders/history.ts',
    line: 33,
    column: 7,
    package: null,
  };
  const sites = Array.from({ length: SITES }, (_, count) => ({
    ...site,
    liveBytes: 1_000_000 + count,
    growthBytes: 500_000,
    callers: [site, site],
  }));
  return {
    ...one,
    growth: { ...one.growth, steps },
    retainerPath: path,
    allocationSites: sites,
  };
}
