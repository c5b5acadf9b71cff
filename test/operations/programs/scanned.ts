/**
 * A service that leaks orders, with a daemon on its own heap and the ops endpoint, wired as the watcher does it, whose token may act.
 * Prints its port. When stdin ends, the service ends its own work, and nothing of the watcher may keep the process alive.
 */

import { Authenticator } from '../../../src/access/authenticator.js';
import { Limits } from '../../../src/access/limits.js';
import { startAnalysis } from '../../../src/analysis/analysis-client.js';
import { chooseDumper } from '../../../src/capture/choose-dumper.js';
import { Daemon } from '../../../src/daemon/daemon.js';
import { OwnPauses } from '../../../src/daemon/own-pauses.js';
import { reportInput } from '../../../src/daemon/report-input.js';
import { Schedule } from '../../../src/daemon/schedule.js';
import { openListener } from '../../../src/http/listener.js';
import { createOpsRouter } from '../../../src/http/ops-router.js';
import { Operations } from '../../../src/operations/operations.js';
import { createActs } from '../../../src/ops-acts.js';
import { parseListenAddress } from '../../../src/options/listen-address.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { buildReport } from '../../../src/report/report.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { createLogger, writeToStderr } from '../../../src/runtime/logger.js';
import { SampledSites } from '../../../src/sampling/allocation-profiler.js';
import { createBuiltInSource } from '../../../src/sampling/built-in-source.js';
import { v8FullGc } from '../../../src/sampling/full-gc.js';
import { createHeapReader, processReaders } from '../../../src/sampling/heap-reader.js';
import { createSamplingSlot } from '../../../src/sampling/sampling-slot.js';
import { SampleWindow } from '../../../src/trend/sample-window.js';

class Order {
  readonly items: readonly string[];
  constructor(id: number) {
    this.items = Array.from({ length: 20 }, (_, at) => `item ${at} of order ${id}`);
  }
}
class OrderHistory {
  readonly byCustomer = new Map<string, Order>();
}
const history = new OrderHistory();
(globalThis as { history?: unknown }).history = history;
const leak = setInterval(() => {
  for (let i = 0; i < 20; i++) {
    const id = history.byCustomer.size;
    history.byCustomer.set(`customer ${id}`, new Order(id));
  }
}, 20);

const options = resolveOptions({ pace: 'fast', capture: 'auto' });
const clock = systemClock;
const logger = createLogger('debug', writeToStderr);
const ownPauses = new OwnPauses();
const daemon = new Daemon(options, {
  clock,
  logger,
  gcSource: createBuiltInSource('for the test'),
  reader: createHeapReader(processReaders(), (startMs) => ownPauses.includes(startMs), clock),
  window: new SampleWindow(),
  dumper: chooseDumper(options.capture, clock),
  fullGc: v8FullGc,
  startAnalysis: (order) => startAnalysis({ ...order, environment: process.env }),
  ownPauses,
  sites: new SampledSites(createSamplingSlot(), clock, options.rules.sites),
  store: { keep() {}, restore: () => null, prune() {} },
});
daemon.start();
const schedule = new Schedule(daemon.jobs, logger);
schedule.start();
const limits = new Limits();
const operations = new Operations(clock, logger);
const listener = await openListener({
  listen: parseListenAddress('127.0.0.1:0'),
  allowedHosts: [],
  limits,
  logger,
  loadRouter: (own) =>
    createOpsRouter({
      authenticator: new Authenticator([{ token: process.argv[2] ?? '', scopes: ['read', 'act'] }]),
      limits,
      own,
      report: () =>
        buildReport(
          reportInput(daemon.status(), { pid: process.pid, nodeVersion: process.version, threadId: 0 }),
        ),
      status: () => {
        throw new Error('nobody asks');
      },
      metrics: null,
      metricsAuth: 'token',
      operations,
      acts: createActs(daemon, operations),
      profiles: createProfiles(new SampledSites(createSamplingSlot(), clock, options.rules.sites), operations),
      audited: async () => null,
      answered: () => {},
      denied: () => {},
      logger,
    }),
});
console.log(new URL(listener.address).port);
process.stdin.resume().on('end', () => clearInterval(leak));
