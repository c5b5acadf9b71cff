import type { HeapClass, HeapDominator } from '../heap/heap-summary.js';
import { heldBy } from '../report/held-by.js';
import { labelled, wrap } from '../report/layout.js';
import { formatBytes, formatCount, formatShare, plural } from '../runtime/units.js';
import type { HeapSummary, SizeSuspect } from '../wording/heap-results.js';
import { className, definedAt, safeName } from './retainer-text.js';
import { page, table } from './table.js';

/** Classes named for one suspect. */
const MAX_HELD = 4;

/** A heap's biggest holders, then its objects and classes. Ends in a newline. */
export function summaryText(file: string, summary: HeapSummary, top: number): string {
  const { heapBytes, nodes, edges, classes, dominators, suspects, truncated } = summary;
  const places = suspects.filter(({ holder }) => holder === 'program');
  return page([
    [
      `HEAP   ${formatBytes(heapBytes)} in ${plural(nodes, 'object')}, ${plural(edges, 'reference')}, ${plural(classes.length, 'class', 'classes')}`,
      ...labelled('file', [file]),
      ...labelled('sampled', wrap(missing(truncated), ' ')),
    ],
    ...places.slice(0, top).map(suspectBlock),
    places.length === 0 ? ['No single object of the program holds a large part of the heap.'] : [],
    suspects.filter(({ holder }) => holder !== 'program').map(elsewhere),
    dominatorBlock(dominators, top),
    classBlock(classes, heapBytes, top),
    ['Size alone is not a leak: to see what grows, take two more snapshots later and run `leakwatch diff`.'],
  ]);
}

/** A sampled snapshot contains less than the heap did. */
function missing(truncated: HeapSummary['truncated']): readonly string[] {
  if (truncated === undefined) return [];
  const left = `${plural(truncated.members, 'member')} of ${plural(truncated.collections, 'collection')}`;
  return `${left} were left out; sizes count only the objects in the file`.split(' ');
}

function suspectBlock(suspect: SizeSuspect): string[] {
  const { owner, accumulatedBytes, share, dominated, dominatedClasses, retainerPath, id } = suspect;
  const held = dominatedClasses
    .slice(0, MAX_HELD)
    .map((row) => `${className(row)} ×${formatCount(row.count)} (${formatBytes(row.retainedBytes)})`);
  const objects = `holds ${plural(dominated, 'object')} that nothing else holds`;
  return [
    `LARGE   ${formatBytes(accumulatedBytes)}, ${formatShare(share)} of the heap`,
    ...labelled('what', wrap(`${safeName(owner)} ${objects}`.split(' '), ' ')),
    ...labelled('held by', wrap(heldBy(retainerPath), ' › ')),
    ...labelled('holds', wrap(held, ', ')),
    ...labelled('DevTools', id === null ? [] : [`${className(suspect)} @${id}`]),
  ];
}

/** Memory that the program cannot free by releasing one object. */
function elsewhere({ holder, owner, className: name, accumulatedBytes, share }: SizeSuspect): string {
  const size = `${formatBytes(accumulatedBytes)} (${formatShare(share)})`;
  if (holder === 'node') return `Node itself holds ${size} in ${safeName(owner)}.`;
  return holder === 'v8'
    ? `V8 itself holds ${size} in ${safeName(name)}.`
    : `${size} have no single holder: several objects share them, or V8's roots hold them.`;
}

function dominatorBlock(dominators: readonly HeapDominator[], top: number): string[] {
  const rows = dominators
    .slice(0, top)
    .map((row) => [
      className(row),
      row.id === null ? '' : `@${row.id}`,
      formatBytes(row.retainedBytes),
      formatShare(row.share),
      shortPath(row),
    ]);
  return table('lrrrl', ['biggest objects', 'id', 'retained', '', 'held by'], rows);
}

/** The nearest steps distinguish objects of one class. */
function shortPath({ retainerPath }: HeapDominator): string {
  const steps = heldBy(retainerPath);
  const near = steps.slice(-MAX_HELD);
  return `${near.length < steps.length ? '… › ' : ''}${near.join(' › ')}`;
}

function classBlock(classes: readonly HeapClass[], heapBytes: number, top: number): string[] {
  const rows = classes
    .slice(0, top)
    .map((row) => [
      className(row),
      formatCount(row.count),
      formatBytes(row.shallowBytes),
      formatBytes(row.retainedBytes),
      heapBytes === 0 ? '' : formatShare(row.retainedBytes / heapBytes),
      definedAt(row),
    ]);
  return table('lrrrrl', ['classes', 'objects', 'shallow', 'retained', '', 'defined at'], rows);
}
