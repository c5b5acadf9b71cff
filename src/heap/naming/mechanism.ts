import type { MechanismRow, MemberFacts } from '../../mechanisms/mechanism-row.js';
import { MECHANISM_NAMES, MECHANISMS, type Mechanism } from '../../mechanisms/mechanisms.js';
import { mechanismOfClass } from '../../mechanisms/open-resources.js';
import { isHandlePath } from './open-handle.js';
import type { RetainerStep } from './retainer-step.js';

/**
 * The mechanism of a path: the first row of the table that recognises it; null if no row does. `isGenuine`: whether the
 * class by whose name a row recognises the path is the one that the row means.
 */
export function mechanismOf(
  path: readonly RetainerStep[],
  facts: MemberFacts,
  isGenuine: (row: MechanismRow) => boolean,
): Mechanism | null {
  const member = path.at(-1);
  if (member === undefined) return null;
  const byClass = mechanismOfClass(member.node);
  if (byClass !== null && isHandlePath(path)) return byClass;
  const recognises = (name: Mechanism) => {
    const row = MECHANISMS[name];
    return (name === byClass || row.recognises?.(path, facts) === true) && isGenuine(row);
  };
  return MECHANISM_NAMES.find(recognises) ?? null;
}
