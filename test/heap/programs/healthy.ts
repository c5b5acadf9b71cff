/** Nothing is kept: requests that race a deadline of their own, and buffers that are used up. */
export async function handle(index: number): Promise<void> {
  const body = Buffer.alloc(64, index % 256);
  const deadline = new AbortController();
  deadline.signal.addEventListener('abort', () => body.length, { once: true });
  await Promise.race([
    Promise.resolve(body.toString('hex')),
    new Promise((resolve) => setImmediate(resolve)),
  ]);
  deadline.abort();
}
