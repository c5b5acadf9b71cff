class Order {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
class OrderHistory {
  readonly max = 1_000_000;
  readonly orders: Order[] = [];
}
const history = new OrderHistory();

export function handle(index: number): void {
  history.orders.push(new Order(index));
}
