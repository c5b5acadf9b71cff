import type { RetainerStep } from '../heap/naming/retainer-step.js';
import { terminalText } from './terminal-text.js';

const MAX_NAME = 100;
/** Steps of a path shown; the middle of a longer one is left out. */
const MAX_STEPS = 24;

/** Parts of a path from the root to the holder of the members; another line describes the members themselves. */
export function heldBy(path: readonly RetainerStep[]): readonly string[] {
  const last = path.at(-1)?.edgeType;
  const toMembers = path.length > 1 && (last === 'entry' || last === 'element');
  const steps = (toMembers ? path.slice(0, -1) : path).map(step);
  if (steps.length <= MAX_STEPS) return steps;
  const left = `… ${steps.length - MAX_STEPS} more …`;
  return [...steps.slice(0, MAX_STEPS / 2), left, ...steps.slice(-MAX_STEPS / 2)];
}

function step({ edge, edgeType, node }: RetainerStep): string {
  const [edgeName, nodeName] = [terminalText(edge, MAX_NAME), terminalText(node, MAX_NAME)];
  if (edgeType === 'root') return nodeName === '' ? edgeName : nodeName;
  // The class of a plain object says nothing that the name of the property does not.
  if (nodeName === '' || nodeName === 'Object' || nodeName === edgeName) return edgeName;
  return edgeName === '' ? nodeName : `${edgeName}: ${nodeName}`;
}
