import { watch } from 'node:fs';
import { tmpdir } from 'node:os';

export function handle(index: number): void {
  if (index % 10 !== 0) return;
  watch(tmpdir(), { persistent: false }, () => {});
}
