import { LeakwatchError } from '../../errors.js';

/** `what` names structure only, never contents of the heap. */
export function snapshotError(byteOffset: number, what: string): LeakwatchError {
  return new LeakwatchError(
    'LEAKWATCH_ERR_SNAPSHOT_FORMAT',
    `The heap snapshot is not well formed at byte ${byteOffset}: ${what}.`,
  );
}
