import { createRequire } from 'node:module';
import { createBuiltInSource } from './built-in-source.js';
import type { GcSource, GcSourceName } from './gc-source.js';
import { createMemwatchSource, type MemwatchModule, type MemwatchName } from './memwatch-source.js';

interface Candidate {
  readonly name: MemwatchName;
  readonly packageName: string;
}

/** Best first. Neither is context-aware: their addon serves one isolate, that of the main thread. */
const CANDIDATES: readonly Candidate[] = [
  { name: 'node-memwatch', packageName: '@airbnb/node-memwatch' },
  { name: 'memwatch-next', packageName: 'memwatch-next' },
];
const MAX_REASON_LENGTH = 160;

/** Loads a package as `require` does, searching upwards from `from`; throws if it cannot. */
export function createPackageLoader(from: string | URL = import.meta.url): (packageName: string) => unknown {
  return createRequire(from);
}

/** The requested source, or the best that loads; never throws. Its `reason` names what was refused and why. */
export function chooseGcSource(
  wanted: GcSourceName | 'auto',
  load: (packageName: string) => unknown,
  isMainThread: boolean,
): GcSource {
  if (wanted === 'built-in') return createBuiltInSource('asked for');
  const refusals: string[] = [];
  for (const candidate of CANDIDATES) {
    if (wanted !== 'auto' && wanted !== candidate.name) continue;
    const loaded = loadCandidate(candidate, load, isMainThread);
    if ('module' in loaded) {
      const reason =
        wanted === 'auto' ? [...refusals, `${candidate.packageName} loads`].join('; ') : 'asked for';
      return createMemwatchSource(candidate.name, loaded.module, reason, createBuiltInSource(reason));
    }
    refusals.push(loaded.refusal);
  }
  return createBuiltInSource(refusals.join('; '));
}

function loadCandidate(
  { packageName }: Candidate,
  load: (packageName: string) => unknown,
  isMainThread: boolean,
): { readonly module: MemwatchModule } | { readonly refusal: string } {
  if (!isMainThread) return { refusal: `${packageName} works in the main thread only` };
  try {
    const module = load(packageName);
    if (isMemwatchModule(module)) return { module };
    return { refusal: `${packageName} has no stats events` };
  } catch (error) {
    return { refusal: refusalOf(packageName, error) };
  }
}

function refusalOf(packageName: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const firstLine = message.split('\n', 1)[0] ?? '';
  const code = error instanceof Error && 'code' in error ? error.code : null;
  // An installed package that lacks one of its own dependencies raises the same code with another name.
  if (code === 'MODULE_NOT_FOUND' && firstLine.includes(`'${packageName}'`))
    return `${packageName} is not installed`;
  return `${packageName} does not load: ${firstLine.slice(0, MAX_REASON_LENGTH)}`;
}

function isMemwatchModule(module: unknown): module is MemwatchModule {
  if ((typeof module !== 'object' && typeof module !== 'function') || module === null) return false;
  return (
    'on' in module &&
    typeof module.on === 'function' &&
    'removeListener' in module &&
    typeof module.removeListener === 'function'
  );
}
