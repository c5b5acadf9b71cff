/**
 * Which paths grow, and where: the topmost accumulation points. Source: LeakCanary's ObjectGrowthDetector, which reports
 * the topmost growing nodes. Deviation: growth below a growing node is reported by itself when the node above cannot
 * explain it, for example sessions that gain thousands of entries each while two sessions are added.
 */

import { BUFFERS } from '../../mechanisms/mechanisms.js';
import { isHeavyClass } from '../../mechanisms/open-resources.js';
import { ENTRIES, NATIVE, SCOPE } from '../../mechanisms/path-names.js';
import type { GrowthSeries, SeriesNode } from './growth-series.js';
import { CONTENT, EDGE_KINDS } from './path-tree.js';

/** Rising steps that make growth: two, so three snapshots. */
const MIN_RISING_STEPS = 2;
/** Growth below both of these is noise. */
const MIN_GAINED = 16;
const MIN_GAINED_BYTES = 65_536;
/** The same for members that each cost megabytes outside the heap. */
const MIN_GAINED_HEAVY = 4;
/** From so many new holders on, or with so few members each, new holders explain the growth of their members. */
const FEW_MEMBERS_EACH = 3;
const SAME_RATIO = 1.2;

/** Part of a rise from 0 that later rises must add. */
const FOLLOWS = 0.1;

const PROPERTY = EDGE_KINDS.indexOf('property');

const TEXT = 'string';
/** All members that one step leads to from the members of one node, whatever their class. */
export interface Accumulation {
  /** Row of the node that holds them. */
  readonly holder: number;
  readonly edge: string;
  readonly edgeKind: number;
  /** Rows of the members, one a class. */
  readonly members: readonly number[];
  /** Members at each step: entries where the holder is a collection. */
  readonly counts: readonly number[];
  /** Bytes of the members and all below them at each step. */
  readonly bytes: readonly number[];
  /** The same with the tables of a collection, which belong to its holder. */
  readonly heldBytes: readonly number[];
  readonly risingSteps: number;
  /** Growth during the rising steps; bytes are held ones that are not another accumulation's. */
  readonly gained: number;
  readonly gainedBytes: number;
}

/** Whether some of its bytes are estimates for objects that a sampled capture left out. */
export function isScaled({ holder, edge, members }: Accumulation, { nodes }: GrowthSeries): boolean {
  return (CONTENT.has(edge) && nodes[holder]!.scaled) || members.some((row) => nodes[row]!.scaled);
}

export function findAccumulations(series: GrowthSeries): readonly Accumulation[] {
  const rising = mergeRings(
    groups(series).filter(
      (group) => group.risingSteps >= MIN_RISING_STEPS && !isScope(series.nodes[group.holder]!),
    ),
    series,
  );
  rising.push(...swelling(series, rising));
  const byMember = new Map<number, Accumulation>();
  for (const group of rising) for (const row of group.members) byMember.set(row, group);
  const { nodes } = series;
  const folded = new Set(rising.map((group) => foldOf(group, byMember, nodes)));
  const own = rising.filter(
    (group) => !folded.has(group) && isMaterial(group, nodes) && !isExplained(group, byMember, nodes, folded),
  );
  return withoutInner(own, byMember, nodes).filter((group) => isMaterial(group, nodes));
}

/**
 * Texts and buffers that grow as a whole: as many as before, and larger at each step. One buffer shows in several rows
 * (view, memory), and so does a concatenated text: the topmost row is the member.
 */
function swelling({ nodes }: GrowthSeries, rising: readonly Accumulation[]): readonly Accumulation[] {
  const known = new Set(rising.flatMap(({ members }) => members));
  const found: Accumulation[] = [];
  for (const [row, { parent, edge, edgeKind, className, counts, bytes, scaled }] of nodes.entries()) {
    if (parent <= 0 || known.has(row) || scaled || !isWhole(className)) continue;
    if (isWhole(nodes[parent]!.className) || nodes[parent]!.entries.some((count) => count > 0)) continue;
    const risingSteps = countSwelling(counts, bytes);
    const gainedBytes = gainOver(bytes, risingSteps);
    if (risingSteps < MIN_RISING_STEPS || gainedBytes < MIN_GAINED_BYTES) continue;
    const held = { edge, edgeKind, counts, bytes, heldBytes: bytes };
    found.push({ ...held, holder: parent, members: [row], risingSteps, gained: 0, gainedBytes });
  }
  return found;
}

const isWhole = (className: string): boolean => className === TEXT || BUFFERS.test(className);

function countSwelling(counts: readonly number[], bytes: readonly number[]): number {
  let steps = 0;
  for (let at = bytes.length - 1; at > 0; at--) {
    if (bytes[at]! <= bytes[at - 1]! || counts[at] !== counts[at - 1] || counts[at] === 0) break;
    steps++;
  }
  return steps;
}

/**
 * The variables of scopes that exist once do not accumulate: more of them means that more such scopes existed at the
 * moment of the capture, as that of a request in flight. The content of each variable is a separate group.
 */
function isScope({ edge, edgeKind }: SeriesNode): boolean {
  return edge === SCOPE && EDGE_KINDS[edgeKind] === 'root';
}

function groups({ nodes, times }: GrowthSeries): readonly Accumulation[] {
  const members = new Map<string, number[]>();
  const sumOf = (rows: readonly number[], figure: 'counts' | 'bytes') =>
    total(
      rows.map((row) => nodes[row]![figure]),
      times.length,
    );
  for (const [row, node] of nodes.entries()) {
    if (row === 0) continue;
    // Members of the root itself, or of Node's lists of native objects, have nothing else in common.
    const isNative = node.className.startsWith(NATIVE);
    const className = node.parent === 0 || isNative ? node.className : '';
    const key = `${node.parent}\u0000${node.edgeKind}\u0000${node.edge}\u0000${className}`;
    const rows = members.get(key) ?? [];
    rows.push(row);
    members.set(key, rows);
  }
  const found: Accumulation[] = [];
  const counted = new Set<number>();
  for (const rows of members.values()) {
    const first = nodes[rows[0]!]!;
    const holder = nodes[first.parent]!;
    const isContent = CONTENT.has(first.edge) && holder.entries.some((count) => count > 0);
    if (isContent) counted.add(first.parent);
    const counts = isContent ? holder.entries : sumOf(rows, 'counts');
    const bytes = sumOf(rows, 'bytes');
    const heldBytes = isContent ? holder.bytes : bytes;
    const { parent, edge, edgeKind } = first;
    found.push(withGrowth({ holder: parent, edge, edgeKind, members: rows, counts, bytes, heldBytes }));
  }
  // Collections whose members are all reached by a shorter path, through another holder.
  for (const [holder, { entries: counts, bytes }] of nodes.entries()) {
    if (counted.has(holder) || !counts.some((count) => count > 0)) continue;
    const step = { edge: ENTRIES, edgeKind: EDGE_KINDS.indexOf('entry') };
    found.push(withGrowth({ holder, ...step, members: [], counts, bytes, heldBytes: bytes }));
  }
  return found;
}

/**
 * Shortest paths enter a doubly linked list from both ends: from one holder, or from its first and last element. Such two
 * runs of one class are one accumulation.
 */
function mergeRings(all: readonly Accumulation[], { nodes, times }: GrowthSeries): Accumulation[] {
  const merged: Accumulation[] = [];
  for (const one of all) {
    const className = nodes[one.members[0] ?? -1]?.className;
    const isElement = ({ holder }: Accumulation) => nodes[holder]!.className === className;
    const isTwin = (other: Accumulation) =>
      (other.holder === one.holder ||
        (isElement(one) && isElement(other) && nodes[other.holder]!.parent === nodes[one.holder]!.parent)) &&
      other.edgeKind === PROPERTY &&
      other.members.length === 1 &&
      nodes[other.members[0]!]!.className === className;
    const twin = one.edgeKind === PROPERTY && one.members.length === 1 ? merged.findIndex(isTwin) : -1;
    if (twin < 0) {
      merged.push(one);
      continue;
    }
    const first = merged[twin]!;
    const members = [...first.members, ...one.members];
    const counts = total([first.counts, one.counts], times.length);
    const bytes = total([first.bytes, one.bytes], times.length);
    merged[twin] = withGrowth({ ...first, members, counts, bytes, heldBytes: bytes });
  }
  return merged;
}

function withGrowth(group: Omit<Accumulation, 'risingSteps' | 'gained' | 'gainedBytes'>): Accumulation {
  const risingSteps = countRising(group.counts);
  const gain = (values: readonly number[]) => gainOver(values, risingSteps);
  return { ...group, risingSteps, gained: gain(group.counts), gainedBytes: gain(group.heldBytes) };
}

const gainOver = (values: readonly number[], steps: number): number =>
  values.at(-1)! - values.at(-1 - steps)!;

/**
 * How many of the latest steps in a row went up. A step from 0 counts only if later ones add to it: a path that had another
 * name before, or that was filled at once, hardly grows afterwards.
 */
function countRising(values: readonly number[]): number {
  let steps = 0;
  for (let at = values.length - 1; at > 0 && values[at]! > values[at - 1]!; at--) {
    const later = values.at(-1)! - values[at]!;
    if (values[at - 1] === 0 && steps > 0 && later < FOLLOWS * values[at]!) break;
    steps++;
  }
  return steps;
}

function total(columns: readonly (readonly number[])[], length: number): readonly number[] {
  return Array.from({ length }, (_, step) => columns.reduce((sum, column) => sum + column[step]!, 0));
}

function isMaterial({ gained, gainedBytes, members }: Accumulation, nodes: readonly SeriesNode[]): boolean {
  if (gained >= MIN_GAINED || gainedBytes >= MIN_GAINED_BYTES) return true;
  return gained >= MIN_GAINED_HEAVY && members.some((row) => isHeavyClass(nodes[row]!.className));
}

/**
 * Objects that each have a list of their own kind, `logger.children[].children[]`, fold into one run: a property of one
 * object then leads to a list for each of them. The content of the lists grows, not their number. Null if `inner` is no
 * such content.
 */
function foldOf(
  inner: Accumulation,
  byMember: ReadonlyMap<number, Accumulation>,
  nodes: readonly SeriesNode[],
): Accumulation | null {
  const outer = byMember.get(inner.holder);
  if (outer === undefined || outer === inner || outer.edgeKind !== PROPERTY || !CONTENT.has(inner.edge))
    return null;
  const [gained, outerGained] = commonGains(inner, outer);
  const isRun = outer.counts.at(-1)! > FEW_MEMBERS_EACH * nodes[outer.holder]!.counts.at(-1)!;
  return isRun && isMaterial(inner, nodes) && gained * SAME_RATIO >= outerGained ? outer : null;
}

function isExplained(
  inner: Accumulation,
  byMember: ReadonlyMap<number, Accumulation>,
  nodes: readonly SeriesNode[],
  folded: ReadonlySet<Accumulation | null>,
): boolean {
  for (let row = inner.holder; row > 0; row = nodes[row]!.parent) {
    const outer = byMember.get(row);
    if (outer !== undefined && !folded.has(outer) && explains(outer, inner)) return true;
  }
  return false;
}

function explains(outer: Accumulation, inner: Accumulation): boolean {
  // Bytes that grow without a count belong to old members.
  if (outer === inner || inner.gained === 0) return false;
  const [gained, outerGained] = commonGains(inner, outer);
  const perNewHolder = gained / outerGained;
  const perHolder = inner.counts.at(-1)! / outer.counts.at(-1)!;
  if (perNewHolder > FEW_MEMBERS_EACH * perHolder) return false;
  return outerGained >= MIN_GAINED || perNewHolder <= SAME_RATIO * perHolder;
}

/** Members that each gained during the steps in which both rose. */
function commonGains(...both: readonly [Accumulation, Accumulation]): readonly [number, number] {
  const steps = Math.min(both[0].risingSteps, both[1].risingSteps);
  return [gainOver(both[0].counts, steps), gainOver(both[1].counts, steps)];
}

/** An outer accumulation does not count the bytes of one inside it. */
function withoutInner(
  all: readonly Accumulation[],
  byMember: ReadonlyMap<number, Accumulation>,
  nodes: readonly SeriesNode[],
): readonly Accumulation[] {
  const own = new Set(all);
  const inside = new Map<Accumulation, number>();
  for (const inner of all) {
    for (let row = inner.holder; row > 0; row = nodes[row]!.parent) {
      const outer = byMember.get(row);
      if (outer === undefined || !own.has(outer)) continue;
      // The bytes are subtracted from the next accumulation above only: those above it see them gone with it.
      if (outer !== inner) inside.set(outer, (inside.get(outer) ?? 0) + inner.gainedBytes);
      break;
    }
  }
  return all.map((group) => {
    const bytes = inside.get(group);
    return bytes === undefined ? group : { ...group, gainedBytes: group.gainedBytes - bytes };
  });
}
