import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { readMemoryLimit } from '../host/memory-limit.js';
import { MIB } from '../runtime/units.js';
import type { AnalysisOptions } from './analysis-outcome.js';

/** With less than the first, V8 may crash at its start without a useful message. */
const MIN_OLD_SPACE_MB = 32;
const MAX_OLD_SPACE_MB = 1024;
const MAX_MEMORY_BYTES = 2 ** 31;
/** Part of the memory that host and container have left; the rest stays reserved for the service. */
const SHARE_OF_AVAILABLE = 0.5;
/** Resident in the analysis process but shared with the service: the pages of Node.js's file. */
const SHARED_BYTES = 48 * MIB;
/** Both ends of four pipes, and two more while the process starts. */
const DESCRIPTORS_NEEDED = 10;

export interface AnalysisLimits {
  readonly memoryLimitBytes: number;
  /** Bound of the process's JavaScript heap, at which it crashes; the columns of the graph lie outside it. */
  readonly oldSpaceMb: number;
}

export function analysisLimits({ memoryLimitBytes = defaultMemoryLimit() }: AnalysisOptions): AnalysisLimits {
  const oldSpaceMb = Math.min(
    MAX_OLD_SPACE_MB,
    Math.max(MIN_OLD_SPACE_MB, Math.floor(memoryLimitBytes / MIB)),
  );
  return { memoryLimitBytes, oldSpaceMb };
}

function defaultMemoryLimit(): number {
  const { availableBytes } = readMemoryLimit();
  const ownBytes = Math.floor((availableBytes ?? Infinity) * SHARE_OF_AVAILABLE);
  return Math.min(MAX_MEMORY_BYTES, SHARED_BYTES + ownBytes);
}

/** Throws where too few descriptors are left: a `spawn` that runs out of them half way never closes the pipes it has made. */
export function requireDescriptors(): void {
  const held: number[] = [];
  try {
    while (held.length < DESCRIPTORS_NEEDED) held.push(openSync(devNull, 'r'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE') throw error;
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}
