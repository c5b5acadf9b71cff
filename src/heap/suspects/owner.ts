import type { RetainerStep } from './suspect.js';

/** Classes that say nothing about whose they are: the name of what holds them is put before. */
export const GENERIC: ReadonlySet<string> = new Set([
  'Object',
  'Array',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'string',
  'function',
]);

/**
 * The holder as a person writes it, from its path (without the members): the nearest class with a name and the
 * properties from there on, or the closure variable it hangs on. `closure` is the function that captured the variable,
 * null when unknown; `script` is null unless the variable is a module's own.
 */
export function ownerName(
  path: readonly RetainerStep[],
  closure: string | null,
  script: string | null,
): string {
  let name = '';
  for (let at = path.length - 1; at >= 0; at--) {
    const { edge, edgeType, node } = path[at]!;
    const isHolder = at === path.length - 1;
    if (!isHolder && !GENERIC.has(node)) return `${node.replace(/\(\)$/, '')}${name}`;
    if (edgeType === 'variable') return variableOwner(`${edge}${name}`, closure, script);
    if (edgeType === 'root') return `${edge === '' ? node : `${edge} of ${node}`}${name}`;
    name = `${edgeType === 'property' ? `.${edge}` : edgeType === 'internal' ? `.(${edge})` : '[]'}${name}`;
  }
  return name.replace(/^\./, '');
}

function variableOwner(variable: string, closure: string | null, script: string | null): string {
  if (script !== null) return `module variable ${variable} of ${script}`;
  return `closure variable ${variable}${closure === null ? '' : ` of ${closure}`}`;
}
