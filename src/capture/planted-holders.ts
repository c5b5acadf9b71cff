/** Holders of many kinds, by which a walk of the heap is checked: it must find what each of them holds. */
export class PrivateHolder {
  readonly #held: unknown;
  constructor(held: unknown) {
    this.#held = held;
  }
  get held(): unknown {
    return this.#held;
  }
}

export function* suspended(held: unknown): Generator<unknown> {
  yield 1;
  yield held;
}

// Separate functions, so that each scope holds nothing else: a shared scope would lead to everything at once.
function closureOver(held: unknown): () => unknown {
  return () => held;
}

function withGetter(held: unknown): object {
  return Object.defineProperty({}, 'held', { get: () => held });
}

function withManyFields(held: unknown): object {
  const wide: Record<string, unknown> = {};
  for (let at = 0; at < 40; at++) wide[`field${at}`] = at;
  wide['field39'] = held;
  return wide;
}

function tableOf(held: unknown): object {
  const table = Object.create(null) as Record<string, unknown>;
  table['held'] = held;
  return table;
}

function sparseWith(held: unknown): object {
  const sparse: unknown[] = [];
  sparse[1e7] = held;
  return sparse;
}

function behindKey(held: unknown): object {
  const key = {};
  return [key, new WeakMap([[key, held]])];
}

function atYield(held: unknown): object {
  const generator = suspended(held);
  generator.next();
  return generator;
}

/** Each leads to what it is given by an edge called `held`. */
export const NAMED_HOLDERS: readonly ((held: unknown) => object)[] = [(held) => ({ held }), tableOf];

export const HOLDERS: readonly ((held: unknown) => unknown)[] = [
  ...NAMED_HOLDERS,
  closureOver,
  withGetter,
  withManyFields,
  sparseWith,
  atYield,
  behindKey,
  (held) => [held],
  (held) => new Map([[1, held]]),
  (held) => new Map([[held, 1]]),
  (held) => new Set([held]),
  (held) => new PrivateHolder(held),
  (held) => Promise.resolve(held),
  (held) => Object.bind(null, held),
  (held) => new Proxy({ held }, {}),
];
