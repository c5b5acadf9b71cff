class Item {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
class Registry {
  static readonly all: Item[] = [];
  readonly name = 'registry';
}

export function handle(index: number): void {
  if (index < 0) throw new Error(new Registry().name);
  Registry.all.push(new Item(index));
}
