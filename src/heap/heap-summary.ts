/** One snapshot at a glance: classes with retained sizes, biggest dominators, accumulation points, and who holds them. */

import { SCOPE } from '../mechanisms/path-names.js';
import { isNodeScript } from '../runtime/script-name.js';
import type { HeapGraph } from './graph/heap-graph.js';
import { ROLE } from './graph/node-role.js';
import { shortestPaths } from './graph/shortest-path.js';
import { classHistogram, retainedByClass } from './growth/class-histogram.js';
import { type ClassKey, type ClassTable, classTable } from './growth/class-key.js';
import { ClassNames } from './growth/class-names.js';
import { type DominatedClass, findAccumulationPoints } from './growth/dominator-growth.js';
import { buildPathTree, type TracedHeap } from './growth/path-tree-builder.js';
import { sampledContent } from './growth/sampled-content.js';
import { largestNodes } from './largest-nodes.js';
import { type Holder, pathHolder } from './naming/holder.js';
import { pathTo } from './naming/retainer-path.js';
import type { RetainerStep } from './naming/retainer-step.js';
import { type HeapSnapshot, sizeOf } from './snapshot/heap-snapshot.js';

const MAX_DOMINATORS = 1000;
/** Objects considered per listed one: a chain of objects that hold little but the next one counts once. */
const LOOKED_AT = 4;
/** An object that has this part of what its dominator retains stands for it. */
const PASSED_ON = 0.95;

const MEMBER: RetainerStep = { edge: '[]', edgeType: 'element', node: '', nodeType: 'other' };

export interface HeapClass extends ClassKey {
  /** Objects, without those of size 0 (small integers). */
  readonly count: number;
  readonly shallowBytes: number;
  /** Bytes that would be free without all of them; an object below another of its class is counted once. */
  readonly retainedBytes: number;
}

export interface HeapDominator extends ClassKey {
  /** V8's id, as DevTools shows it behind `@`; null when the snapshot was parsed without ids. */
  readonly id: number | null;
  readonly shallowBytes: number;
  /** Bytes that would be free without it. */
  readonly retainedBytes: number;
  /** `retainedBytes` of the whole heap, 0 to 1. */
  readonly share: number;
  /** A shortest path from the roots, the object itself included. */
  readonly retainerPath: readonly RetainerStep[];
}

/**
 * Whose memory it is. `program`: an object of the program, its packages or its global objects. `node`: a module of Node
 * itself. `v8`: V8's own lists and tables. `shared`: memory that no single object holds, so that the root dominates it.
 */
export type SuspectHolder = 'program' | 'node' | 'v8' | 'shared';

/** An accumulation point: an object that retains much more than any single object below it. */
export interface SizeSuspect extends HeapDominator {
  readonly holder: SuspectHolder;
  /** Where in the program it is. */
  readonly place: Holder;
  /** `retainedBytes` without those of other suspects below. `share` is of these bytes. */
  readonly accumulatedBytes: number;
  /** Objects directly dominated, a count. */
  readonly dominated: number;
  /** Their classes, largest first, at most 8. */
  readonly dominatedClasses: readonly DominatedClass[];
}

/** All figures are of what is in the file, also where a sampled capture left a part of the heap out. */
export interface HeapSummary {
  readonly nodes: number;
  readonly edges: number;
  /** Sum of the shallow sizes of all nodes, bytes. */
  readonly heapBytes: number;
  /** All classes, by retained size. */
  readonly classes: readonly HeapClass[];
  /** By retained size, at most as many as asked for. */
  readonly dominators: readonly HeapDominator[];
  /** The program's own first, then largest first, at most 20. They are suspects by size alone: growth takes more than one snapshot. */
  readonly suspects: readonly SizeSuspect[];
  readonly truncated?: TruncatedCollections;
}

/** Collections that a sampled capture truncated, and how many of their members it left out. */
export interface TruncatedCollections {
  readonly collections: number;
  readonly members: number;
}

export type SummaryStep = 'tracing' | 'counting' | 'ranking';

/** The class histogram, by retained size. Takes 20 bytes a node while it works. */
export function heapHistogram(graph: HeapGraph): readonly HeapClass[] {
  const names = new ClassNames(graph.snapshot, []);
  return histogram(graph, names, classTable(graph.snapshot, names));
}

/** `dominators`: how many of the biggest are listed, up to 1000. Takes about 60 bytes a node while it works. */
export function summarizeHeap(
  graph: HeapGraph,
  { dominators = 20 }: { readonly dominators?: number } = {},
  onProgress: (step: SummaryStep) => void = () => {},
): HeapSummary {
  const { snapshot } = graph;
  onProgress('tracing');
  const content = sampledContent(snapshot);
  const heap = buildPathTree(snapshot, shortestPaths(snapshot, content), content);
  onProgress('counting');
  const table = classTable(snapshot, heap.classes);
  const classes = histogram(graph, heap.classes, table);
  onProgress('ranking');
  const { retainedSize } = graph;
  const describe = (node: number): HeapDominator => ({
    ...table.keys[table.classOf[node]!]!,
    id: snapshot.nodeId?.[node] ?? null,
    shallowBytes: sizeOf(snapshot, node),
    retainedBytes: retainedSize[node]!,
    share: retainedSize[0]! === 0 ? 0 : retainedSize[node]! / retainedSize[0]!,
    retainerPath: pathTo(heap, node),
  });
  const truncated = truncatedOf(snapshot);
  return {
    ...(truncated === null ? {} : { truncated }),
    nodes: snapshot.nodeCount,
    edges: snapshot.edgeCount,
    heapBytes: retainedSize[0] ?? 0,
    classes,
    dominators: biggest(graph, heap, Math.min(dominators, MAX_DOMINATORS)).map(describe),
    suspects: findAccumulationPoints(graph, table)
      .map(({ node, accumulatedBytes, share, dominated, dominatedClasses }) => {
        const object = nearestValue(graph, heap, node);
        const described = describe(object);
        const { retainerPath } = described;
        const holder = whoseOf(heap, object, retainerPath);
        const place = pathHolder([...retainerPath, MEMBER]);
        return { ...described, holder, place, accumulatedBytes, share, dominated, dominatedClasses };
      })
      .sort((a, b) => Number(b.holder === 'program') - Number(a.holder === 'program')),
  };
}

function truncatedOf({ sampled }: HeapSnapshot): TruncatedCollections | null {
  if (sampled === null) return null;
  let members = 0;
  for (const { kept, total } of sampled.values()) members += total - kept;
  return { collections: sampled.size, members };
}

function histogram(graph: HeapGraph, names: ClassNames, table: ClassTable): readonly HeapClass[] {
  const retained = retainedByClass(graph.snapshot, table, graph);
  return classHistogram(graph.snapshot, names, null, table)
    .map(({ bytes, classId, ...row }) => ({
      ...row,
      shallowBytes: bytes,
      retainedBytes: retained[classId]!,
    }))
    .sort((a, b) => b.retainedBytes - a.retainedBytes || b.shallowBytes - a.shallowBytes);
}

/** Objects of the program by retained size; V8's own tables and lists are in the object they belong to. */
function biggest({ idom, retainedSize }: HeapGraph, { paths }: TracedHeap, count: number): readonly number[] {
  const values = largestNodes(retainedSize, count * LOOKED_AT, (node) => paths.roles[node] === ROLE.value);
  const listed = new Set(values);
  for (const node of values) {
    let above = idom[node]!;
    while (above !== 0 && paths.roles[above] !== ROLE.value) above = idom[above]!;
    if (retainedSize[node]! >= PASSED_ON * retainedSize[above]!) listed.delete(above);
  }
  return [...listed].slice(0, count);
}

function whoseOf({ paths }: TracedHeap, node: number, path: readonly RetainerStep[]): SuspectHolder {
  if (node === 0) return 'shared';
  if (paths.roles[node] !== ROLE.value) return 'v8';
  return path[0]?.edge === SCOPE && isNodeScript(path[0].node) ? 'node' : 'program';
}

/** The object of the program that a table or list belongs to; the node itself if there is none. */
function nearestValue({ idom, snapshot }: HeapGraph, { paths }: TracedHeap, node: number): number {
  // Belongs to the global object, but holds V8's and Node's own objects, not the program's.
  const native = snapshot.strings.find('system / NativeContext');
  let at = node;
  while (at !== 0 && paths.roles[at] !== ROLE.value) {
    if (snapshot.nodeName[at] === native) return node;
    at = idom[at]!;
  }
  return at === 0 ? node : at;
}
