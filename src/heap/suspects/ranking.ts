import { ROLE } from '../graph/node-role.js';
import { type Accumulation, findAccumulations } from '../growth/accumulation.js';
import {
  type ExtendedSeries,
  type GrowthSeries,
  growthOf,
  type SeriesNode,
} from '../growth/growth-series.js';
import { SCOPE } from '../growth/path-tree.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { artefactReason } from './artefact.js';
import { fingerprint } from './fingerprint.js';
import { fieldNames, findBound } from './object-fields.js';
import { GENERIC, ownerName } from './owner.js';
import { retainerPath, rowsTo } from './retainer-path.js';
import { sampleMembers } from './sample-members.js';
import type { Suspect } from './suspect.js';

/** Suspects of one analysis; the smallest growth is left out. */
const MAX_SUSPECTS = 20;
/** Objects of one path whose content is looked at. */
const MAX_HOLDERS = 8;
const MAX_OWNER_ROWS = 4;
const PRIMITIVES = new Set(['string', 'symbol', 'bigint']);

/** What grows, worst first: by bytes gained, then by members gained, V8's and tools' own last. */
export function rankSuspects(heap: TracedHeap, { series, rowOf }: ExtendedSeries): readonly Suspect[] {
  const { nodes } = series;
  const ranked = findAccumulations(series)
    .map((accumulation) => {
      const rows = [...rowsTo(nodes, accumulation.holder), ...accumulation.members].map((row) => nodes[row]!);
      return { accumulation, artefact: artefactReason(rows) };
    })
    .sort(
      (a, b) =>
        Number(a.artefact !== null) - Number(b.artefact !== null) ||
        b.accumulation.gainedBytes - a.accumulation.gainedBytes ||
        b.accumulation.gained - a.accumulation.gained,
    )
    .slice(0, MAX_SUSPECTS);
  const wanted = ranked.flatMap(({ accumulation }) => [
    ...ownerRows(nodes, accumulation.holder),
    ...accumulation.members,
  ]);
  const samples = sampleMembers(heap, rowOf, new Set(wanted));
  return ranked.map(({ accumulation, artefact }) => describe(heap, series, accumulation, artefact, samples));
}

function describe(
  heap: TracedHeap,
  series: GrowthSeries,
  accumulation: Accumulation,
  artefact: string | null,
  samples: ReadonlyMap<number, readonly number[]>,
): Suspect {
  const { nodes } = series;
  const holders = samples.get(accumulation.holder) ?? [];
  const member = mainMember(nodes, accumulation);
  const objects = member === null ? membersElsewhere(heap, holders) : (samples.get(member) ?? []);
  const className =
    member !== null
      ? nodes[member]!.className
      : objects[0] === undefined
        ? 'other'
        : heap.classes.of(objects[0]);
  const path = retainerPath(nodes, accumulation, className);
  const { closure, script } = capturedBy(heap, holders[0], path[0]?.edge === SCOPE ? path[0].node : null);
  const owners = ownerRows(nodes, accumulation.holder).flatMap((row) => samples.get(row) ?? []);
  const last = accumulation.counts.length - 1;
  return {
    fingerprint: fingerprint(path),
    className,
    owner: ownerName(path.slice(0, -1), closure, script) || `closure variable ${path[0]?.edge || className}`,
    retainerPath: path,
    steps: accumulation.counts.map((count, step) => ({
      atMs: series.times[step]!,
      count,
      bytes: accumulation.bytes[step]!,
    })),
    risingSteps: accumulation.risingSteps,
    shareOfGrowth: shareOf(accumulation, series),
    fields: fieldNames(heap.snapshot, objects.slice(0, MAX_HOLDERS)),
    artefact,
    bound: findBound(heap.snapshot, owners, accumulation.counts[last]!),
  };
}

/** The holder and what it is a part of, up to the nearest class with a name: where a bound would stand. */
function ownerRows(nodes: readonly SeriesNode[], holder: number): readonly number[] {
  const rows: number[] = [];
  for (let row = holder; row > 0 && rows.length < MAX_OWNER_ROWS; row = nodes[row]!.parent) {
    rows.push(row);
    if (!GENERIC.has(nodes[row]!.className)) break;
  }
  return rows;
}

/** The row that tells what is leaked: objects before strings, since a Map's keys grow with its values. */
function mainMember(nodes: readonly SeriesNode[], { members }: Accumulation): number | null {
  const grown = (row: number) => growthOf(nodes[row]!.bytes);
  const sorted = members.toSorted((a, b) => grown(b) - grown(a));
  const objects = sorted.filter((row) => !PRIMITIVES.has(nodes[row]!.className));
  const best = objects.find((row) => growthOf(nodes[row]!.counts) > 0);
  return best ?? sorted[0] ?? null;
}

/** Members that another holder reaches by a shorter path are not in the tree below this one: look at the objects. */
function membersElsewhere(heap: TracedHeap, holders: readonly number[]): readonly number[] {
  const { snapshot, paths, classes } = heap;
  const found = new Map<string, number[]>();
  const visit = (node: number, isTable: boolean) => {
    for (let edge = snapshot.firstEdge[node]!; edge < snapshot.firstEdge[node + 1]!; edge++) {
      const to = snapshot.edgeTo[edge]!;
      if (!paths.rule.retains(node, edge)) continue;
      if (paths.roles[to] === ROLE.part && !isTable) visit(to, true);
      else if (paths.roles[to] === ROLE.value) {
        const name = classes.of(to);
        const list = found.get(name);
        if (list === undefined) found.set(name, [to]);
        else list.push(to);
      }
    }
  };
  for (const holder of holders.slice(0, MAX_HOLDERS)) visit(holder, false);
  const rank = ([name, list]: readonly [string, readonly number[]]) =>
    PRIMITIVES.has(name) ? 0 : list.length;
  return [...found].sort((a, b) => rank(b) - rank(a))[0]?.[1] ?? [];
}

/** The function whose scope holds the variable on the way to this object, and whether that scope is a module's. */
function capturedBy(
  { paths, classes }: TracedHeap,
  holder: number | undefined,
  scopeScript: string | null,
): { closure: string | null; script: string | null } {
  for (let node = holder ?? -1; node > 0; node = paths.parent[node]!) {
    if (paths.scopes.isContext[node] !== 1) continue;
    const closure = paths.scopes.closure[node]!;
    const isModule = paths.scopes.outermost[node] === 1;
    return {
      closure: closure < 0 ? null : classes.of(closure),
      script: isModule ? scopeScript : null,
    };
  }
  return { closure: null, script: null };
}

function shareOf({ heldBytes }: Accumulation, { heapBytes }: GrowthSeries): number {
  const total = growthOf(heapBytes);
  return total <= 0 ? 0 : Math.min(1, Math.max(0, growthOf(heldBytes) / total));
}
