/** Everything at work, nothing kept: a cache at its bound, listeners that are removed, garbage. */
import { EventEmitter } from 'node:events';

const MAX = 200;
const recent = new Map<number, { readonly index: number }>();
const bus = new EventEmitter();

export function handle(index: number): void {
  recent.set(index, { index });
  if (recent.size > MAX) recent.delete(recent.keys().next().value ?? 0);
  const listener = () => index;
  bus.on('close', listener);
  bus.off('close', listener);
  JSON.parse(JSON.stringify({ garbage: 'x'.repeat(100), index }));
}
