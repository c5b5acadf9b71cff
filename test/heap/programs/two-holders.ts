class Order {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
class OrderBook {
  readonly byId = new Map<number, Order>();
  readonly log: Order[] = [];
}
const book = new OrderBook();

export function handle(index: number): void {
  const order = new Order(index);
  book.byId.set(index, order);
  book.log.push(order);
}
