let shutDown: () => void = () => {};
const shutdown = new Promise<void>((resolve) => {
  shutDown = resolve;
});
process.once('SIGTERM', () => shutDown());

export async function handle(index: number): Promise<unknown> {
  return Promise.race([Promise.resolve({ status: 200, index }), shutdown]);
}
