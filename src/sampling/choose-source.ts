import { say } from '../runtime/say.js';
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

/** The requested source, or the best that `load` finds as `require` does; never throws. Its `reason` names what was refused and why. */
export function chooseGcSource(
  wanted: GcSourceName | 'auto',
  load: (packageName: string) => unknown,
  isMainThread: boolean,
): GcSource {
  if (wanted === 'built-in') return createBuiltInSource(say`requested`);
  const refusals: string[] = [];
  for (const candidate of CANDIDATES) {
    if (wanted !== 'auto' && wanted !== candidate.name) continue;
    const loaded = loadCandidate(candidate, load, isMainThread);
    if (typeof loaded !== 'string') {
      const reason =
        wanted === 'auto' ? [...refusals, say`${candidate.packageName} loads`].join('; ') : say`requested`;
      return createMemwatchSource(candidate.name, loaded, reason, createBuiltInSource(reason));
    }
    refusals.push(loaded);
  }
  return createBuiltInSource(refusals.join('; '));
}

/** The module, or why it is refused. */
function loadCandidate(
  { packageName }: Candidate,
  load: (packageName: string) => unknown,
  isMainThread: boolean,
): MemwatchModule | string {
  if (!isMainThread) return say`${packageName} works in the main thread only`;
  try {
    const module = load(packageName);
    return isMemwatchModule(module) ? module : say`${packageName} has no stats events`;
  } catch (error) {
    return refusalOf(packageName, error);
  }
}

function refusalOf(packageName: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const firstLine = message.split('\n', 1)[0] ?? '';
  const code = error instanceof Error && 'code' in error ? error.code : null;
  // An installed package that lacks one of its own dependencies raises the same code with another name.
  if (code === 'MODULE_NOT_FOUND' && firstLine.includes(`'${packageName}'`))
    return say`${packageName} is not installed`;
  return say`${packageName} does not load: ${firstLine.slice(0, MAX_REASON_LENGTH)}`;
}

function isMemwatchModule(module: unknown): module is MemwatchModule {
  const { on, removeListener } = Object(module) as { readonly [name: string]: unknown };
  return typeof on === 'function' && typeof removeListener === 'function';
}
