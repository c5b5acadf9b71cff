const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

export function handle(index: number): void {
  const query = { index, cancelled: false };
  stop.signal.addEventListener('abort', () => {
    query.cancelled = true;
  });
}
