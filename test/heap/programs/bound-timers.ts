class Poller {
  readonly index: number;
  seen = 0;
  constructor(index: number) {
    this.index = index;
    setInterval(this.poll.bind(this), 60_000).unref();
  }
  poll(): void {
    this.seen++;
  }
}

export function handle(index: number): void {
  new Poller(index);
}
