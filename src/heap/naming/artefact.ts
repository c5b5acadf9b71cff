import { openNative } from '../../mechanisms/open-resources.js';
import { OWN_SCRIPTS } from '../../runtime/script-name.js';
import type { SeriesNode } from '../growth/growth-series.js';
import { ARTEFACT } from '../growth/path-tree.js';
import { HANDLE_LISTS } from './open-handle.js';

/** Classes that exist only because someone is looking: debugger and profiler connections. */
const TOOL_CLASSES =
  /^(InspectorSession|JSBindingsConnection|Connection|CpuProfiler|V8CoverageConnection|V8HeapProfilerConnection)$/;

/** V8's lists of what calls in progress hold: what is on them changes from moment to moment. */
const PASSING = /^\((Handle scope|Stack roots|Strong roots)\)$/;
const SHARED_STRINGS = /^\((Shareable object cache|Internalized strings)\)$/;

/** Why what grows on this path is not the program's doing; null when it is. `rows` are the nodes of the path. */
export function artefactReason(rows: readonly SeriesNode[]): string | null {
  if (rows.some((node) => (node.artefact & ARTEFACT.v8) !== 0))
    return 'memory of V8 itself: code, feedback, hidden classes';
  if (rows.some((node) => TOOL_CLASSES.test(node.className)))
    return 'held by an attached debugger or profiler';
  if (rows.some((node) => (node.artefact & ARTEFACT.own) !== 0 || node.className.startsWith(OWN_SCRIPTS)))
    return 'held by leakwatch itself';
  const [first, ...rest] = rows;
  if (first !== undefined && SHARED_STRINGS.test(first.className))
    return "V8's table of the strings it shares";
  // A list and its members: what hangs below them would be a path of its own.
  if (
    first !== undefined &&
    PASSING.test(first.className) &&
    rest.every(({ parent }) => parent === rest[0]?.parent)
  )
    return 'held by calls in progress';
  // Each is there because something else holds it, or because it is open.
  const isOpen = openNative(rows.at(-1)?.className ?? '') !== null;
  if (!isOpen && rows.some(({ edge }) => HANDLE_LISTS.has(edge))) return "Node's own list of native objects";
  return null;
}
