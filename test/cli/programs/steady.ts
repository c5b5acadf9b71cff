/** Writes three snapshots into the folder named first; each time it has served as many orders more and holds as few. */
import { writeHeapSnapshot } from 'node:v8';

const ROUNDS = 3;
const ORDERS = 500;

class Order {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
const latest = new Map<number, Order>();

export function handle(request: number): void {
  latest.set(request % ORDERS, new Order(request));
}

let requests = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (let request = 0; request < ORDERS; request++) handle(requests++);
  // In a turn of its own, when nothing of ours is on the stack.
  await new Promise((resolve) => setImmediate(resolve));
  writeHeapSnapshot(`${process.argv[2]}/${round}.heapsnapshot`);
}
