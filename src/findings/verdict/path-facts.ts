import type { Bound } from '../../heap/limits/limit.js';
import type { Suspect } from '../../heap/suspects/suspect.js';
import type { PaceRules } from '../../pace/pace.js';
import type { CaptureHistory } from './capture-history.js';
import type { GrowthRun } from './growth-run.js';

/** What the rules on a path of the graph may look at. */
export interface PathFacts {
  readonly suspect: Suspect;
  readonly run: GrowthRun;
  readonly rules: PaceRules['finding'];
  readonly history: CaptureHistory;
  /** The bound that the capture before found; undefined if the path was not looked at then. */
  readonly boundBefore: Bound | null | undefined;
}
