import { shortScript } from '../heap/graph/script-name.js';
import type { ClassKey } from '../heap/growth/class-key.js';
import type { RetainerStep } from '../heap/suspects/suspect.js';
import { formatCount } from '../report/format.js';
import { terminalText } from '../report/terminal-text.js';

const MAX_NAME = 100;
const MAX_CLASS = 60;
/** Steps of a path shown; a longer one loses its middle. */
const MAX_STEPS = 24;

export const safeName = (text: string): string => terminalText(text, MAX_NAME);

/** `12 entries`, `1 entry` */
export function plural(count: number, one: string, more = `${one}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? one : more}`;
}

/** `{id, user}` of a plain object, otherwise the class's name. */
export function className({ className: name, shape }: ClassKey): string {
  return terminalText(shape ?? name, MAX_CLASS);
}

/** `orders/history.ts:33`, or nothing. */
export function definedAt({ location }: ClassKey): string {
  return location === null || location.script === ''
    ? ''
    : terminalText(`${shortScript(location.script)}:${location.line}`, MAX_CLASS);
}

/** Parts of a path from the root to the holder; the step to its members is left out. */
export function heldBy(path: readonly RetainerStep[]): readonly string[] {
  const last = path.at(-1)?.edgeType;
  const toMembers = path.length > 1 && (last === 'entry' || last === 'element');
  const steps = (toMembers ? path.slice(0, -1) : path).map(step);
  if (steps.length <= MAX_STEPS) return steps;
  const left = `… ${steps.length - MAX_STEPS} more …`;
  return [...steps.slice(0, MAX_STEPS / 2), left, ...steps.slice(-MAX_STEPS / 2)];
}

function step({ edge, edgeType, node }: RetainerStep): string {
  const [edgeName, nodeName] = [safeName(edge), safeName(node)];
  if (edgeType === 'root') return nodeName === '' ? edgeName : nodeName;
  // The class of a plain object says nothing that the name of the property does not.
  if (nodeName === '' || nodeName === 'Object' || nodeName === edgeName) return edgeName;
  return edgeName === '' ? nodeName : `${edgeName}: ${nodeName}`;
}
