import { OWN_SCRIPTS } from '../graph/script-name.js';
import type { SeriesNode } from '../growth/growth-series.js';
import { ARTEFACT } from '../growth/path-tree.js';

/** Classes that exist only because someone is looking: debugger and profiler connections. */
const TOOL_CLASSES =
  /^(InspectorSession|JSBindingsConnection|Connection|CpuProfiler|V8CoverageConnection|V8HeapProfilerConnection)$/;

/** Why what grows on this path is not the program's doing; null when it is. `rows` are the nodes of the path. */
export function artefactReason(rows: readonly SeriesNode[]): string | null {
  if (rows.some((node) => (node.artefact & ARTEFACT.v8) !== 0))
    return 'memory of V8 itself: code, feedback, hidden classes';
  if (rows.some((node) => TOOL_CLASSES.test(node.className)))
    return 'held by an attached debugger or profiler';
  if (rows.some((node) => (node.artefact & ARTEFACT.own) !== 0 || node.className.startsWith(OWN_SCRIPTS)))
    return 'held by leakwatch itself';
  return null;
}
