import { getHeapStatistics } from 'node:v8';
import type { CopyJobsParts } from '../capture/copy-jobs.js';
import type { Expressions, ExpressionsParts } from './expressions.js';
import { Probes, type ProbesParts } from './probes.js';
import type { ReplMode } from './sessions.js';

export interface Repl {
  readonly probes: Probes;
  /** Null if expressions are off. */
  readonly expressions: Expressions | null;
}

type ReplParts = Omit<ProbesParts, 'usedBytes' | 'availableBytes'> &
  Omit<ExpressionsParts, 'mode' | 'headroomBytes' | 'copies'> &
  Pick<CopyJobsParts, 'load'> & { readonly mode: ReplMode | 'off' };

/** Loads the inspector, and what forks, only if expressions are on. */
export async function createRepl(parts: ReplParts): Promise<Repl> {
  const usedBytes = () => getHeapStatistics().used_heap_size;
  const probes = new Probes({
    ...parts,
    usedBytes,
    availableBytes: () => parts.sample()?.memoryAvailableBytes ?? null,
  });
  const { mode } = parts;
  if (mode === 'off') return { probes, expressions: null };
  const { Expressions } = await import('./expressions.js');
  const { ForkedCopyJobs } = await import('../capture/copy-jobs.js');
  const copies = new ForkedCopyJobs({ ...parts, usedBytes });
  const headroomBytes = () => {
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
    return limit - used;
  };
  return { probes, expressions: new Expressions({ ...parts, mode, headroomBytes, copies }) };
}
