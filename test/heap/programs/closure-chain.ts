let replacePrevious: (() => string) | null = null;

export function handle(index: number): void {
  const previous = replacePrevious;
  // Never called, but it makes the context that both functions share hold `previous`.
  const unused = () => previous?.();
  const document = `planted-secret-${index}`.repeat(3);
  replacePrevious = function render() {
    return document;
  };
  if (index < 0) unused();
}
