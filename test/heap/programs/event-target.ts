const changes = new EventTarget();

export function handle(index: number): void {
  const view = { index, dirty: false };
  changes.addEventListener('change', function onChange() {
    view.dirty = true;
  });
}
