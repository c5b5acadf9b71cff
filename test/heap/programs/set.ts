class Token {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
const seen = new Set<Token>();

export function handle(index: number): void {
  seen.add(new Token(index));
}
