class Connection {
  readonly id: number;
  beats = 0;
  constructor(id: number) {
    this.id = id;
  }
}

export function handle(index: number): void {
  const connection = new Connection(index);
  setInterval(function keepAlive() {
    connection.beats++;
  }, 30_000);
}
