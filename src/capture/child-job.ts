import { writeSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NativeBinding } from '../native/binding.js';
import type { CaptureLevel } from './capture-record.js';
import { type ClassCount, classCensus } from './class-census.js';
import { graphPlan } from './graph-plan.js';
import type { GraphWriter } from './graph-source.js';
import { findCollections } from './large-collections.js';
import { type TruncationBounds, truncateCollections } from './truncation.js';

/** Marks the end of a census, so that half of one is not taken for a whole. */
export const CENSUS_END = '\n';

/** The holder and a sample of its members suffice to show a leak; healthy collections rarely have more than the threshold. */
const BOUNDS: TruncationBounds = { threshold: 1000, keepOldest: 200, keepNewest: 300 };

/** What a census writes. */
export interface CensusMessage {
  readonly classes: readonly ClassCount[];
}

/**
 * The forked child's work, by level. It has one thread, no event loop and a copy of the heap that is not used any more
 * afterwards; everything it needs is loaded before the fork. `output`: the write end of a pipe, unused by the level `probe`.
 * `writer`: of a full graph.
 */
export function childJob(
  binding: NativeBinding,
  level: CaptureLevel,
  output: number,
  writer: GraphWriter = 'v8',
): () => void {
  switch (level) {
    case 'probe':
      return () => {
        collect();
        tellLiveBytes(binding);
      };
    case 'census':
      return () => {
        collect();
        tellLiveBytes(binding);
        findCollections(binding, BOUNDS.threshold, true);
        const message: CensusMessage = { classes: classCensus(binding.census()) };
        writeAll(output, JSON.stringify(message) + CENSUS_END);
      };
    case 'sampled':
      return () => {
        collect();
        tellLiveBytes(binding);
        truncate(binding);
        writeSnapshot(output);
      };
    case 'full':
      if (writer === 'native') return () => writeGraph(binding, output);
      return () => {
        writeSnapshot(output);
        tellLiveBytes(binding);
      };
  }
}

/**
 * The plan collects, in frames that are gone when the graph is written. The size comes last, as with V8's generator: where
 * the exit status is lost, it says that the file is whole.
 */
function writeGraph(binding: NativeBinding, output: number): void {
  const plan = graphPlan(output);
  binding.writeGraph(plan);
  binding.tellLiveBytes(plan.usedBytes);
}

/** By V8's own function, taken where the service's contexts do not get it. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/**
 * In a separate frame, so that the list no longer holds dropped members while the snapshot is written. And without the
 * compilers: their pending jobs would hold hidden classes, and so whole contexts, which the service's heap does not hold.
 */
function truncate(binding: NativeBinding): void {
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  truncateCollections(findCollections(binding, BOUNDS.threshold), BOUNDS);
}

/** By path, because V8's writer opens a file. */
function writeSnapshot(output: number): void {
  writeHeapSnapshot(`/proc/self/fd/${output}`, { exposeNumericValues: true });
}

export function writeAll(output: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(output, bytes, at);
}

function tellLiveBytes(binding: NativeBinding): void {
  binding.tellLiveBytes(getHeapStatistics().used_heap_size);
}
