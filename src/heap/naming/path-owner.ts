import { SCOPE } from '../../mechanisms/path-names.js';
import { shortScript } from '../../runtime/script-name.js';
import { type OwnerFacts, ownerName, plainTitle } from './owner.js';
import type { RetainerStep } from './retainer-step.js';

/** A path says where; what it leads through was not looked at. */
const NOTHING_ELSE: Omit<OwnerFacts, 'titleOf'> = {
  closure: null,
  script: null,
  packaged: null,
  event: null,
  callback: null,
  shorten: shortScript,
  isForeign: () => false,
};

/** The holder on a path with its members, as a person writes it: `MemoryStore.sessions`, `variable cache of app/cache.js`. */
export function pathOwner(path: readonly RetainerStep[]): string {
  const owner = ownerName(path, { ...NOTHING_ELSE, titleOf: (at) => plainTitle(path[at]!.node) });
  const [first] = path;
  if (first?.edge !== SCOPE || first.edgeType !== 'root') return owner;
  return owner.replace(/^closure (variable .*)$/, (_, variable: string) => `${variable} of ${first.node}`);
}
