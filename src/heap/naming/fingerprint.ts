import { createHash } from 'node:crypto';
import { isHalf } from '../../mechanisms/mechanisms.js';
import { SCOPE } from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import { isHandlePath } from './open-handle.js';
import type { Fingerprint, RetainerStep } from './retainer-step.js';

/** Objects of Node that exist once, however a version leads to them. */
const ANCHORS = new Set(['LoadCache', 'ResolveCache']);

/** Steps that count when the path begins neither at a variable nor at the global object. */
const MAX_STEPS = 5;

/**
 * What names a bug wherever it runs: the end of its path from the last closure variable, the global object, or the last
 * few steps on. Not in it: counts, ids, lines, the class of the members, where the program is installed, and steps through V8 and Node that differ between versions.
 */
export function fingerprint(whole: readonly RetainerStep[]): Fingerprint {
  const parts: string[] = [];
  const path = withoutHalves(whole);
  const isHandle = isHandlePath(path);
  for (let at = path.length - 1; at >= 0 && !isHandle && parts.length < MAX_STEPS; at--) {
    const { edge, edgeType, node } = path[at]!;
    if (edgeType === 'internal') continue;
    if (edgeType === 'root') {
      if (node === 'globalThis') parts.push(node);
      break;
    }
    // Not the members' own class: of a holder of several it changes with their numbers.
    parts.push(at === path.length - 1 ? `${edgeType} ${edge}` : `${edgeType} ${edge} ${node}`);
    if (ANCHORS.has(node)) break;
    if (edgeType === 'variable') {
      const above = path[at - 1];
      if (above?.edge === SCOPE && !isNodeScript(above.node)) parts.push(above.node);
      break;
    }
  }
  // V8's own memory has no such step: its class alone.
  if (parts.length === 0) parts.push(path.at(-1)?.node ?? '');
  return `lw-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}

/** V8 joins the halves of a string whenever it likes: it is one string, put together or not. */
function withoutHalves(path: readonly RetainerStep[]): readonly RetainerStep[] {
  const member = path.at(-1);
  if (member?.node !== 'string' || !isHalf(member) || path.at(-2)?.node !== 'string') return path;
  return withoutHalves(path.slice(0, -1));
}
