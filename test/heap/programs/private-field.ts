class Box {
  readonly #items = new Map<number, object>();
  put(index: number): void {
    this.#items.set(index, { index });
  }
}
const box = new Box();

export function handle(index: number): void {
  box.put(index);
}
