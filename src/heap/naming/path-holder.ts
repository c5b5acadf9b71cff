import { type Holder, type HolderFacts, holderOf, plainTitle } from './holder.js';
import type { RetainerStep } from './retainer-step.js';

/** The objects on the path were not looked at. */
const NOTHING_ELSE: Omit<HolderFacts, 'titleOf'> = {
  closure: null,
  script: null,
  packaged: null,
  pathOnly: true,
  event: null,
  callback: null,
  isForeign: () => false,
};

/** The holder as far as the path alone shows it; the last step of the path leads to the members. */
export function pathHolder(path: readonly RetainerStep[]): Holder {
  return holderOf(path, { ...NOTHING_ELSE, titleOf: (at) => plainTitle(path[at]!.node) });
}
