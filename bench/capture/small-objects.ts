/**
 * A heap of the kind that is slow to capture: small objects, in a Map, in arrays and in a dictionary, all of them class
 * instances with their own objects and strings. About 45 bytes an object.
 */

class Address {
  readonly street: string;
  readonly city: string;
  readonly position: { readonly latitude: number; readonly longitude: number };
  constructor(index: number) {
    this.street = `${index} Mill Lane`;
    this.city = `city ${index % 500}`;
    this.position = { latitude: index % 90, longitude: index % 180 };
  }
}

class Line {
  readonly article: string;
  readonly quantity: number;
  readonly options: { readonly colour: number; readonly gift: boolean };
  constructor(index: number) {
    this.article = `article-${index % 1000}`;
    this.quantity = index % 9;
    this.options = { colour: index % 12, gift: index % 5 === 0 };
  }
}

class Order {
  readonly key: string;
  readonly address: Address;
  readonly lines: readonly Line[];
  readonly state: { seen: number; last: { readonly page: string } | null };
  constructor(index: number) {
    this.key = `order-${index}`;
    this.address = new Address(index);
    this.lines = [new Line(index), new Line(index + 1), new Line(index + 2)];
    this.state = { seen: 0, last: null };
  }
}

/** Orders added between two checks of the heap's size. */
const CHUNK = 2000;
/** Orders per array. */
const SHELF = 5000;

export class SmallObjects {
  readonly #recent = new Map<string, Order>();
  readonly #shelves: Order[][] = [];
  readonly #byKey: Record<string, Order> = Object.create(null);
  #made = 0;

  /** Grows until the heap has about `bytes`, as measured by `liveBytes`. */
  constructor(bytes: number, liveBytes: () => number) {
    while (liveBytes() < bytes) for (let added = 0; added < CHUNK; added++) this.#add();
  }

  /** The work of a request: reads some orders, changes one, adds one and drops the oldest, so the size stays the same. */
  visit(page: string): object {
    const index = (this.#made * 7919) % this.#shelves.length;
    const shelf = this.#shelves[index]!;
    const order = shelf[this.#made % shelf.length]!;
    order.state.seen++;
    order.state.last = { page };
    const oldest = this.#recent.keys().next();
    if (!oldest.done) this.#recent.delete(oldest.value);
    const fresh = new Order(this.#made++);
    this.#recent.set(fresh.key, fresh);
    return { address: order.address, lines: order.lines, seen: order.state.seen };
  }

  /** Adds to Map, arrays and dictionary in turn, a third each. */
  #add(): void {
    const order = new Order(this.#made++);
    if (this.#made % 3 === 0) this.#recent.set(order.key, order);
    else if (this.#made % 3 === 1) this.#byKey[order.key] = order;
    else {
      if (this.#shelves.length === 0 || this.#shelves.at(-1)!.length === SHELF) this.#shelves.push([]);
      this.#shelves.at(-1)!.push(order);
    }
  }
}
