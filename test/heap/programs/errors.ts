class ErrorReporter {
  readonly failures: Error[] = [];
}
const reporter = new ErrorReporter();

function query(index: number): never {
  throw new TypeError(`planted-secret-${index}`);
}

export function handle(index: number): void {
  try {
    query(index);
  } catch (cause) {
    reporter.failures.push(new Error('The request failed', { cause }));
  }
}
