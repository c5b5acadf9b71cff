import { zoo } from './zoo.js';

const ORDERS = 20_000;

class Line {
  readonly sku: string;
  readonly amount: number;
  constructor(index: number) {
    this.sku = `sku ${index % 977}`;
    this.amount = index * 1.5;
  }
}

class Order {
  readonly id: number;
  readonly customer: string;
  readonly lines: readonly Line[];
  constructor(index: number) {
    this.id = index;
    this.customer = `customer ${index}`;
    this.lines = [new Line(index), new Line(index + 1)];
  }
}

/** Held by each kind of holder that programs leak through. */
export interface PlantedHeap {
  readonly byMap: Map<string, Order>;
  readonly byDictionary: Record<string, object>;
  readonly byClosure: (() => object)[];
  readonly byWeakMap: { readonly keys: object[]; readonly values: WeakMap<object, object> };
  readonly bySet: Set<object>;
  readonly buffers: Buffer[];
  readonly odd: object;
}

function holding(held: object): () => object {
  return () => held;
}

/** About 250,000 objects, held by `globalThis.planted`, whose place in both snapshots is compared. */
export function plantHeap(): PlantedHeap {
  const planted: PlantedHeap = {
    byMap: new Map(),
    byDictionary: Object.create(null) as Record<string, object>,
    byClosure: [],
    byWeakMap: { keys: [], values: new WeakMap() },
    bySet: new Set(),
    buffers: [],
    odd: zoo(),
  };
  for (let index = 0; index < ORDERS; index++) {
    const order = new Order(index);
    planted.byMap.set(`order ${index}`, order);
    if (index % 4 === 0)
      planted.byDictionary[`key ${index}`] = { at: new Date(index), tags: [`tag ${index}`] };
    if (index % 5 === 0) planted.byClosure.push(holding({ index, text: `closure ${index}` }));
    if (index % 10 === 0) planted.bySet.add({ inSet: `set ${index}` });
    if (index % 100 === 0) planted.buffers.push(Buffer.alloc(2048));
    if (index % 10 !== 5) continue;
    const key = { key: index };
    planted.byWeakMap.keys.push(key);
    planted.byWeakMap.values.set(key, { meta: `weak ${index}` });
  }
  Object.assign(globalThis, { planted });
  return planted;
}
