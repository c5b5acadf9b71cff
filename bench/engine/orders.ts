/**
 * A heap like a service's: orders in a Map, some of them in closures, some in a dictionary. Writes its snapshot.
 * `node orders.js FILE COUNT`
 */
import { writeHeapSnapshot } from 'node:v8';

class Customer {
  readonly name: string;
  readonly tags: readonly string[];
  constructor(index: number) {
    this.name = `customer ${index}`;
    this.tags = [`segment-${index % 7}`, 'active'];
  }
}

class Item {
  readonly sku: string;
  readonly price: number;
  readonly quantity: number;
  constructor(index: number) {
    this.sku = `sku-${index % 1000}`;
    this.price = index + 0.5;
    this.quantity = index % 9;
  }
}

class Order {
  readonly customer: Customer;
  readonly items: readonly Item[];
  readonly at: Date;
  readonly note: object;
  constructor(index: number) {
    this.customer = new Customer(index);
    this.items = [new Item(index), new Item(index + 1)];
    this.at = new Date(index);
    this.note = { text: `note ${index}`, flags: { paid: true, weight: index } };
  }
}

const [file, count] = process.argv.slice(2);
const orders = new Map<string, Order>();
const callbacks: (() => unknown)[] = [];
const byDay: Record<string, unknown> = Object.create(null);
for (let index = 0; index < Number(count); index++) {
  const order = new Order(index);
  orders.set(`order-${index}`, order);
  if (index % 3 === 0) callbacks.push(() => [order, index]);
  if (index % 5 === 0) byDay[`day-${index}`] = { order, last: callbacks.at(-1) };
}
writeHeapSnapshot(String(file));
// Used after the snapshot, so it is alive when the snapshot is written.
console.log(orders.size + callbacks.length + Object.keys(byDay).length);
