import { createHash } from 'node:crypto';
import { isHalf } from '../../mechanisms/mechanisms.js';
import { SCOPE } from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import { isHandlePath } from './open-handle.js';
import type { Fingerprint, RetainerStep } from './retainer-step.js';

/** Objects that exist once in Node; the paths to them differ between versions. */
const ANCHORS = new Set(['LoadCache', 'ResolveCache']);

/** Steps used when the path begins neither at a variable nor at the global object. */
const MAX_STEPS = 5;

/**
 * Identifies a bug wherever it runs, by the end of its path: from the last closure variable or the global object on, else
 * the last few steps. It leaves out everything that differs between runs: counts, ids, lines, the class of the members,
 * the program's folder, and steps through V8 and Node that depend on their version.
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
    // Not the members' class: if they are of several classes, the most frequent one may change.
    parts.push(at === path.length - 1 ? `${edgeType} ${edge}` : `${edgeType} ${edge} ${node}`);
    if (ANCHORS.has(node)) break;
    if (edgeType === 'variable') {
      const above = path[at - 1];
      if (above?.edge === SCOPE && !isNodeScript(above.node)) parts.push(above.node);
      break;
    }
  }
  // V8's own memory has no such step: its class has to do.
  if (parts.length === 0) parts.push(path.at(-1)?.node ?? '');
  return `lw-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}

/** V8 may flatten a concatenated string at any time: joined or not, it is one string. */
function withoutHalves(path: readonly RetainerStep[]): readonly RetainerStep[] {
  const member = path.at(-1);
  if (member?.node !== 'string' || !isHalf(member) || path.at(-2)?.node !== 'string') return path;
  return withoutHalves(path.slice(0, -1));
}
