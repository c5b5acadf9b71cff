/** What the programs of this folder share: real garbage collections. */

/** A full collection. */
export function collect(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
}

/** A collection of the young generation. */
export function collectYoung(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc({ type: 'minor' });
}

/** Objects that V8 can neither share nor leave out. */
export function objects(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({ i, name: `object ${i}`, parts: [i, i + 1] }));
}

/** Lets the event loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
