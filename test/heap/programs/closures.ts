const undo: (() => void)[] = [];

export function handle(index: number): void {
  const edit = { index, text: `planted-secret-${index}`, applied: true };
  undo.push(() => {
    edit.applied = false;
  });
}
