import type { OperationControl } from '../operations/operation.js';
import { pauseOrAborted } from '../runtime/abort.js';
import type { Clock } from '../runtime/clock.js';

/** How often a client sees progress. */
const STEP_MS = 1000;

/** Waits that long; false if the operation was cancelled meanwhile. */
export async function recordingTime(
  seconds: number,
  clock: Clock,
  { signal, progress }: OperationControl,
): Promise<boolean> {
  const fromMs = clock.monotonicMs();
  const endMs = fromMs + seconds * 1000;
  for (let nowMs = fromMs; nowMs < endMs && !signal.aborted; nowMs = clock.monotonicMs()) {
    progress('recording', (nowMs - fromMs) / (endMs - fromMs));
    await pauseOrAborted(clock, Math.min(STEP_MS, endMs - nowMs), signal);
  }
  return !signal.aborted;
}
