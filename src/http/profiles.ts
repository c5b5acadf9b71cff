import type { Asked, OperationFile, Refused } from '../operations/operation.js';
import type { BeginOutcome } from '../operations/operations.js';

/** A port: profiles of the service. */
export interface OpsProfiles {
  /** Memory that is sampled and not freed now, in several media types. */
  heap(): readonly OperationFile[] | Refused;
  record(kind: 'heap' | 'cpu', seconds: number, asked: Asked): BeginOutcome | Refused;
}
