/** Leaks orders; writes three snapshots into the folder named first, and prints the growing sites at the last as JSON. */
import { writeHeapSnapshot } from 'node:v8';
import { systemClock } from '../../../../src/runtime/clock.js';
import { SampledSites } from '../../../../src/sampling/allocation-profiler.js';
import { createSamplingSlot } from '../../../../src/sampling/sampling-slot.js';

const SNAPSHOTS = 3;
const ORDERS = 10_000;
const MINUTE_MS = 60_000;

interface Item {
  readonly name: string;
}

class Order {
  readonly items: readonly Item[];

  constructor(id: number) {
    this.items = [{ name: `table ${id}` }, { name: `chair ${id}` }];
  }
}

class OrderHistory {
  readonly orders = new Map<number, Order>();
}

const [folder = '.'] = process.argv.slice(2);
const history = new OrderHistory();

function recordOrder(id: number): void {
  history.orders.set(id, new Order(id));
}

function recordOrders(first: number): void {
  for (let id = first; id < first + ORDERS; id++) recordOrder(id);
}

const sites = new SampledSites(createSamplingSlot(), systemClock, {
  intervalBytes: 16_384,
  spacingMs: 5000,
  tickMs: 15_000,
});
sites.start(0);
for (let snapshot = 0; snapshot < SNAPSHOTS; snapshot++) {
  recordOrders(snapshot * ORDERS);
  // As the daemon does after a full GC.
  sites.afterMajorGc((snapshot + 1) * MINUTE_MS);
  writeHeapSnapshot(`${folder}/${snapshot}.heapsnapshot`);
}
process.stdout.write(JSON.stringify(sites.growing()));
sites.stop();
