/**
 * A watched service that leaks orders, whose token may act and profile. Prints the port of its ops endpoint. When stdin ends, the service ends
 * its own work, and nothing of the watcher may keep the process alive.
 */
import { watch } from '../../../src/watcher.js';

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

const [token = '', stateDir = ''] = process.argv.slice(2);
const watcher = await watch({
  listen: '127.0.0.1:0',
  token: `${token} scope=read,act,profile`,
  pace: 'fast',
  stateDir,
  log: 'debug',
});
console.log(new URL(watcher.address ?? '').port);
process.stdin.resume().on('end', () => clearInterval(leak));
