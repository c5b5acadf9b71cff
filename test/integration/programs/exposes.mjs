/** A service that shows a part of its state. Prints `running` and its port once it listens. */
import { createServer } from 'node:http';
import { watch } from 'leakwatch';

class Order {
  constructor(id) {
    this.id = id;
    this.token = process.argv[2];
  }
}
class Shop {
  orders = new Map();
  add(id) {
    this.orders.set(id, new Order(id));
  }
}
const shop = new Shop();
for (let id = 0; id < 3; id += 1) shop.add(id);

// leakwatch/register watches already, by the variables.
const watcher = await watch();
watcher.expose('shop', () => shop);
watcher.expose('host', () => process);
const server = createServer((_request, response) => response.end(String(shop.orders.size)));
server.listen(0, '127.0.0.1', () => process.stdout.write(`running ${server.address().port}\n`));
