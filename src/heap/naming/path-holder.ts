import { type Holder, type HolderFacts, holderOf, plainTitle } from './holder.js';
import type { RetainerStep } from './retainer-step.js';

/** What a path leads through was not looked at. */
const NOTHING_ELSE: Omit<HolderFacts, 'titleOf'> = {
  closure: null,
  script: null,
  packaged: null,
  pathOnly: true,
  event: null,
  callback: null,
  isForeign: () => false,
};

/** The holder on a path with its members, by that path alone: `MemoryStore.sessions`, `variable cache of app/cache.js`. */
export function pathHolder(path: readonly RetainerStep[]): Holder {
  return holderOf(path, { ...NOTHING_ELSE, titleOf: (at) => plainTitle(path[at]!.node) });
}
