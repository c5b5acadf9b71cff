import { openNative } from '../../mechanisms/open-resources.js';
import type { SeriesNode } from '../growth/growth-series.js';
import type { RetainerStep } from './retainer-step.js';

/** Node's lists of native objects. Open handles that nothing else holds are in them or, in older versions, among the roots. */
export const HANDLE_LISTS: ReadonlySet<string> = new Set(['cleanup_queue', 'base_object_list']);

/** Whether a path leads to open handles through Node's own lists only. */
export function isHandlePath(path: readonly RetainerStep[]): boolean {
  const member = path.at(-1);
  if (member === undefined || openNative(member.node) === null) return false;
  return path.length === 1 || path.some(({ edge }) => HANDLE_LISTS.has(edge));
}

/** Whether this row of a series is such a list, or lies in one. */
export function isHandleList(nodes: readonly SeriesNode[], row: number): boolean {
  for (let at = row; at > 0; at = nodes[at]!.parent) if (HANDLE_LISTS.has(nodes[at]!.edge)) return true;
  return row === 0;
}
