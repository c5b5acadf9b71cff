class RateLimiter {
  readonly hits = new Map<number, number>();
}
const limiter = new RateLimiter();

export function handle(index: number): void {
  // Tables double: 3000 keys more a round is what shows at each of three rounds.
  for (let part = 0; part < 5; part++) {
    const client = index * 5 + part;
    limiter.hits.set(client, (limiter.hits.get(client) ?? 0) + 1);
  }
}
