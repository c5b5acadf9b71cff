import { openNative } from '../../mechanisms/open-resources.js';
import { OWN_SCRIPTS } from '../../runtime/script-name.js';
import type { Accumulation } from '../growth/accumulation.js';
import type { SeriesNode } from '../growth/growth-series.js';
import { ARTEFACT } from '../growth/path-tree.js';
import { HANDLE_LISTS } from './open-handle.js';
import { rowsTo } from './retainer-path.js';

/**
 * The origin of growth that the program does not cause. `v8-memory`: code, feedback, hidden classes. `tool`: an attached
 * debugger or profiler. `shared-strings`: V8's tables of strings. `calls-in-progress`: arguments and results of running
 * calls. `handle-list`: Node's list of native objects, which something else keeps alive or which are open.
 */
export type Artefact =
  | 'v8-memory'
  | 'tool'
  | 'leakwatch'
  | 'shared-strings'
  | 'calls-in-progress'
  | 'handle-list';

/** Classes that exist only while a debugger or profiler is connected. */
const TOOL_CLASSES =
  /^(InspectorSession|JSBindingsConnection|Connection|CpuProfiler|V8CoverageConnection|V8HeapProfilerConnection)$/;

/** V8's lists of the objects that running calls hold: their content changes all the time. */
const PASSING = /^\((Handle scope|Stack roots|Strong roots)\)$/;
const SHARED_STRINGS = /^\((Shareable object cache|Internalized strings)\)$/;

/** Null when the growth is the program's. */
export function artefactOf(nodes: readonly SeriesNode[], { holder, members }: Accumulation): Artefact | null {
  const rows = [...rowsTo(nodes, holder), ...members].map((row) => nodes[row]!);
  if (rows.some((node) => (node.artefact & ARTEFACT.v8) !== 0)) return 'v8-memory';
  if (rows.some((node) => TOOL_CLASSES.test(node.className))) return 'tool';
  if (rows.some((node) => (node.artefact & ARTEFACT.own) !== 0 || node.className.startsWith(OWN_SCRIPTS)))
    return 'leakwatch';
  const [first, ...rest] = rows;
  if (first !== undefined && SHARED_STRINGS.test(first.className)) return 'shared-strings';
  // A list and its members only: deeper objects would be a path of their own.
  const isList = rest.every(({ parent }) => parent === rest[0]?.parent);
  if (first !== undefined && PASSING.test(first.className) && isList) return 'calls-in-progress';
  const isOpen = openNative(rows.at(-1)?.className ?? '') !== null;
  return !isOpen && rows.some(({ edge }) => HANDLE_LISTS.has(edge)) ? 'handle-list' : null;
}

/** For sorting: the program's own growth comes first. */
export const artefactsLast = (a: Owned, b: Owned): number =>
  Number(a.artefact !== null) - Number(b.artefact !== null);

type Owned = { readonly artefact: Artefact | null };
