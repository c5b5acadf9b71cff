/** A class that remembers every order by customer, and no customer is ever forgotten. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

interface Order {
  readonly customer: string;
  readonly items: readonly string[];
  readonly createdAt: Date;
  readonly note: string;
}

class OrderHistory {
  readonly #byCustomer = new Map<string, Order[]>();

  record(order: Order): void {
    const orders = this.#byCustomer.get(order.customer) ?? [];
    orders.push(order);
    this.#byCustomer.set(order.customer, orders);
  }

  count(customer: string): number {
    return this.#byCustomer.get(customer)?.length ?? 0;
  }
}

const history = new OrderHistory();
const app = express();
app.use(express.json());
app.post('/orders/:customer', (request, response) => {
  const { customer } = request.params;
  history.record({ customer, items: request.body.items, createdAt: new Date(), note: request.body.note });
  response.status(201).json({ orders: history.count(customer) });
});
serveUnderLoad(app, {
  perSecond: 50,
  path: (index) => `/orders/customer-${index}`,
  body: (index) => JSON.stringify({ items: ['tea', 'milk', `article-${index}`], note: prose(2000, index) }),
});
