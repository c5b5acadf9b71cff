/** A unit of work that tracks every entity it has loaded, used by the whole program instead of by one request. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

class Customer {
  readonly id: number;
  readonly notes: string;
  name: string;

  constructor(id: number) {
    this.id = id;
    this.name = `customer ${id}`;
    this.notes = prose(2200, id);
  }
}

class EntityManager {
  readonly managed = new Set<Customer>();

  find(id: number): Customer {
    const customer = new Customer(id);
    this.managed.add(customer);
    return customer;
  }
}

const entities = new EntityManager();
const app = express();
app.get('/customers/:id', (request, response) => {
  response.json({ name: entities.find(Number(request.params.id)).name });
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/customers/${index}` });
