class ConnectionPool {
  readonly waiting: ((connection: object) => void)[] = [];
  acquire(): Promise<object> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}
const pool = new ConnectionPool();

async function loadUser(index: number): Promise<object> {
  const request = { index, cookie: `planted-secret-${index}` };
  const connection = await pool.acquire();
  return { request, connection };
}

export function handle(index: number): void {
  void loadUser(index);
}
