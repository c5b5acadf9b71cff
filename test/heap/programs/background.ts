/** What a service does beside its leak: a cache at its bound, listeners and timers that are removed, garbage. */
import { EventEmitter } from 'node:events';

const MAX = 200;
const recent = new Map<number, { readonly index: number }>();
const bus = new EventEmitter();

export function work(index: number): void {
  recent.set(index, { index });
  if (recent.size > MAX) recent.delete(recent.keys().next().value ?? 0);
  const listener = () => index;
  bus.on('close', listener);
  bus.off('close', listener);
  clearTimeout(setTimeout(listener, 60_000));
  JSON.parse(JSON.stringify({ garbage: 'x'.repeat(100), index }));
}
