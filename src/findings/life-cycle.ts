import { FINDING_STATUSES, type FindingStatus } from './finding.js';

/** What one look at the growth of a finding showed. */
export type Observation =
  | 'grew-confirmed'
  | 'grew-suspected'
  /** It grew, but not in a way to publish by itself. */
  | 'grew-early'
  /** It stood still for the first time, after growth in batches, or because the service had no traffic. */
  | 'paused'
  | 'stood-still'
  | 'gone-for-long';

/** In the order of `FINDING_STATUSES`. */
type Row = readonly [FindingStatus, FindingStatus, FindingStatus, FindingStatus];

const LIFE_CYCLE: Readonly<Record<Observation, Row>> = {
  'grew-confirmed': ['confirmed', 'confirmed', 'confirmed', 'confirmed'],
  // A confirmed finding stays confirmed while it grows.
  'grew-suspected': ['suspected', 'confirmed', 'suspected', 'suspected'],
  'grew-early': ['suspected', 'confirmed', 'plateaued', 'resolved'],
  // Stays confirmed during a pause, so that the alert does not stop and start again.
  paused: ['plateaued', 'confirmed', 'plateaued', 'resolved'],
  'stood-still': ['plateaued', 'plateaued', 'plateaued', 'resolved'],
  'gone-for-long': ['resolved', 'resolved', 'resolved', 'resolved'],
};

/** The status after one more observation. Undefined: never seen before, which is as if it were resolved. */
export function nextStatus(before: FindingStatus = 'resolved', observation: Observation): FindingStatus {
  return LIFE_CYCLE[observation][FINDING_STATUSES.indexOf(before)]!;
}
