import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface HeapSize {
  readonly usedBytes: number;
  /** Used bytes of each of V8's spaces. */
  readonly spaces: Readonly<Record<string, number>>;
}

/** A port: full GCs of this thread's heap. */
export interface FullGc {
  size(): HeapSize;
  /** Runs one before it returns. False if V8 offers none. */
  run(): boolean;
}

let collect: (() => void) | null | undefined;
let contexts = 0;

export const v8FullGc: FullGc = {
  size() {
    const spaces = getHeapSpaceStatistics().map(
      ({ space_name: name, space_used_size: used }) => [name, used] as const,
    );
    return { usedBytes: getHeapStatistics().used_heap_size, spaces: Object.fromEntries(spaces) };
  },
  run() {
    collect ??= exposedGc();
    collect?.();
    return collect !== null;
  },
};

/** Contexts of `node:vm` that exist only for this file, to be left out where the program's contexts are counted. */
export function ownContexts(): number {
  return contexts;
}

/**
 * V8's own `gc()`: one full GC, synchronous, so that its pause can be measured. The inspector's `collectGarbage` runs later,
 * in a task of its own, and `LowMemoryNotification` runs up to seven of them. V8 defines `gc` in contexts that are
 * created while `--expose-gc` is set, so one is created for it (1 ms) and kept: the function belongs to it. Without a
 * compilation in between, the flag leaves no trace in V8's cache of code.
 */
function exposedGc(): (() => void) | null {
  const { gc } = globalThis as { gc?: unknown };
  if (typeof gc === 'function') return () => void gc();
  try {
    setFlagsFromString('--expose-gc');
    const exposed: unknown = runInNewContext('gc');
    if (typeof exposed !== 'function') return null;
    contexts = 1;
    return () => void exposed();
  } catch {
    return null;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
