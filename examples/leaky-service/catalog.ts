export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly description: string;
}

const KINDS = ['lamp', 'chair', 'desk', 'shelf', 'mug', 'clock', 'rug', 'vase'];
const STYLES = ['oak', 'steel', 'walnut', 'linen', 'glass', 'copper', 'felt', 'stone'];

const PRODUCTS: readonly Product[] = STYLES.flatMap((style, s) =>
  KINDS.map((kind, k) => ({
    id: s * KINDS.length + k + 1,
    name: `${style} ${kind}`,
    price: 20 + s * 7 + k * 3,
    description: `A ${kind} made of ${style}, delivered within five days.`,
  })),
);

export function findProducts(words: string): Product[] {
  return PRODUCTS.filter((product) => product.name.includes(words));
}

export function productById(id: number): Product | undefined {
  return PRODUCTS[id - 1];
}
