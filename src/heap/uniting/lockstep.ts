/**
 * One bug often fills several collections: the parallel arrays of a cache, a list and an index, listeners of two events.
 * They hold different objects, so shared members do not show it. Two collections are one bug if they gain entries in a
 * constant ratio at every step, and one of these holds:
 * - they are parts of one object, or of one scope that is not a module's;
 * - a package keeps both for one place in the program, or they are in one package;
 * - each member of one leads to a different member of the other;
 * - one holds threads or processes, and Node itself holds the other.
 * Otherwise collections of two objects, or two variables of one module, stay separate however equal their rates: requests
 * drive everything in a service.
 */

import { isHeavyClass } from '../../mechanisms/open-resources.js';
import { NUMBERS, SCOPE, TIMERS_LIST } from '../../mechanisms/path-names.js';
import { isNodeScript, packageOf } from '../../runtime/script-name.js';
import { ROLE } from '../graph/node-role.js';
import type { Accumulation } from '../growth/accumulation.js';
import { NODE_KINDS } from '../growth/path-tree.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { isOfProgram, nearby, scopeAbove } from '../members/nearby.js';
import { newestMembers } from '../members/newest-members.js';
import { type InspectedHeap, objectsOf } from '../members/sample-members.js';
import { GENERIC, PRIMITIVES } from '../naming/generic-class.js';
import { Places } from '../naming/member-location.js';
import { isHandleList } from '../naming/open-handle.js';
import { rowsTo } from '../naming/retainer-path.js';
import { EDGE, labelOf, NODE } from '../snapshot/heap-snapshot.js';
import { type Candidate, withOthers } from './candidate.js';

/** How far one step may be off the ratio of the whole growth: in entries, and as a part of the expected number. */
const SLACK_ENTRIES = 2;
const SLACK = 0.05;
/** Numbers are counted by their room: up to 1.5 times the content of an array, 2 times that of a table. */
const ROOM = { least: 0.4, most: 2.6 };
/** Members searched for a way to those of another holder, objects searched for each, and steps from it. */
const ASKED = 16;
const MIN_ASKED = 4;
const MAX_LOOKED_AT = 96;
const MAX_AWAY = 5;
/** Part of the members that must each lead to a different member. */
const MOST = 0.8;
/** From this ratio of gains on, the larger one is named, regardless of its content. */
const FAR_MORE = 4;
/** Below this ratio of gains, chance decides which one is larger. */
const ALIKE = 1.25;

const STRINGS = new Set([NODE.string, NODE['concatenated string'], NODE['sliced string']]);
const CLOSURE = NODE_KINDS.indexOf('closure');
/** Their contents have nothing to do with each other. */
const HUBS = new Set(['globalThis', TIMERS_LIST]);
const isPlain = (className: string) => PRIMITIVES.has(className) || className === NUMBERS;

/** Candidates come worst first, and mostly stay in that order. */
export function uniteLockstep(
  inspected: InspectedHeap,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const places = new Places(inspected.heap);
  const keys = new Map(candidates.map((one) => [one, belongings(inspected, places, one)]));
  const groups: Candidate[][] = [];
  // Threads and processes first: objects that Node keeps for them join them, however large.
  const heavyFirst = candidates.toSorted(
    (a, b) => Number(areHeavy(inspected, b)) - Number(areHeavy(inspected, a)),
  );
  for (const candidate of heavyFirst) {
    const group = groups.find(([first]) => isOneBug(inspected, keys, first!, candidate));
    if (group === undefined) groups.push([candidate]);
    else group.push(candidate);
  }
  return groups.map((group) => merge(inspected, group));
}

function isOneBug(
  inspected: InspectedHeap,
  keys: ReadonlyMap<Candidate, readonly string[]>,
  one: Candidate,
  other: Candidate,
): boolean {
  if (one.artefact !== other.artefact) return false;
  const [a, b] = [one.accumulation, other.accumulation];
  const rooms = isRoom(inspected, a) || isRoom(inspected, b);
  if (!(rooms ? isAlike(a, b) : inLockstep(a, b))) return false;
  if (comesWith(inspected, one, other) || comesWith(inspected, other, one)) return true;
  if (keys.get(one)!.some((key) => keys.get(other)!.includes(key))) return true;
  return !rooms && (leadsTo(inspected, a, b) || leadsTo(inspected, b, a));
}

type Rise = Pick<Accumulation, 'counts' | 'risingSteps'>;

/** Whether both gained in one ratio at each of the steps that they rose together. */
export function inLockstep(a: Rise, b: Rise): boolean {
  const steps = Math.min(a.risingSteps, b.risingSteps);
  const gain = ({ counts }: Rise, at: number, over = 1) => counts.at(-at)! - counts.at(-at - over)!;
  const ratio = gain(a, 1, steps) / gain(b, 1, steps);
  if (!Number.isFinite(ratio) || ratio <= 0) return false;
  for (let at = 1; at <= steps; at++) {
    const expected = gain(b, at) * ratio;
    if (Math.abs(gain(a, at) - expected) > Math.max(SLACK_ENTRIES, SLACK * expected)) return false;
  }
  return true;
}

function isAlike(a: Accumulation, b: Accumulation): boolean {
  const ratio = a.counts.at(-1)! / b.counts.at(-1)!;
  return ratio >= ROOM.least && ratio <= ROOM.most;
}

/** Numbers are no objects: there are neither rows of members nor entries. */
function isRoom(inspected: InspectedHeap, { members, holder }: Accumulation): boolean {
  if (members.length > 0) return false;
  return newestMembers(inspected.heap, objectsOf(inspected, holder), 1).length === 0;
}

/** What a holder belongs to, as keys that are the same for what belongs to the same. */
function belongings(
  inspected: InspectedHeap,
  places: Places,
  { accumulation }: Candidate,
): readonly string[] {
  const { holder } = accumulation;
  const [sample] = objectsOf(inspected, holder);
  const isHub = HUBS.has(inspected.nodes[holder]!.className);
  const anchor = sample === undefined || isHub ? null : anchorOf(inspected.heap, places, sample);
  return [ownerOf(inspected, holder, sample), anchor].filter((key) => key !== null);
}

/** The nearest class with a name, or a scope if that is nearer; null if that is no evidence. */
function ownerOf({ nodes, heap }: InspectedHeap, holder: number, sample: number | undefined): string | null {
  for (let row = holder; row > 0; row = nodes[row]!.parent) {
    const { className, edge, nodeKind } = nodes[row]!;
    if (HUBS.has(className)) return null;
    if (edge === SCOPE) {
      const scope = scopeAbove(heap, sample ?? -1);
      return scope < 0 || heap.paths.scopes.outermost[scope] === 1 ? null : `scope ${scope}`;
    }
    if (nodeKind === CLOSURE || !GENERIC.has(className)) return `row ${row}`;
  }
  return null;
}

/** For content of a package: the object or variable of the program that leads to it, or the package; else null. */
function anchorOf({ paths, snapshot, treeOf }: TracedHeap, places: Places, sample: number): string | null {
  let isOfPackage = false;
  let below = sample;
  for (let node = sample; node > 0; node = paths.parent[node]!) {
    const script = paths.scopes.script[node]!;
    const url = script >= 0 ? snapshot.strings.text(script) : places.urlOf(node);
    if (!isNodeScript(url)) {
      const found = packageOf(url);
      if (found === null) return isOfPackage ? `anchor ${treeOf[script >= 0 ? below : node]!}` : null;
      isOfPackage = true;
      if (script >= 0 && paths.scopes.outermost[node] === 1) return `package ${found.name}`;
    }
    below = node;
  }
  return null;
}

/** Whether most of the newest members of one holder each lead, within a few steps, to a different member of the other. */
function leadsTo(inspected: InspectedHeap, from: Accumulation, to: Accumulation): boolean {
  // V8 may share equal texts and numbers between unrelated holders.
  const wanted = new Set(to.members.filter((row) => !isPlain(inspected.nodes[row]!.className)));
  if (wanted.size === 0) return false;
  const held = newestMembers(inspected.heap, objectsOf(inspected, from.holder), ASKED);
  const rows = from.members.flatMap((row) => objectsOf(inspected, row));
  const asked = held.length >= MIN_ASKED ? held : rows.slice(-ASKED);
  if (asked.length < MIN_ASKED) return false;
  const found = new Set(asked.map((node) => nearest(inspected, node, wanted)).filter((node) => node >= 0));
  return found.size >= MOST * asked.length;
}

/** NodeOrdinal of the nearest object counted in one of these rows; −1 means none is near. */
function nearest({ heap, rowOf }: InspectedHeap, start: number, rows: ReadonlySet<number>): number {
  const { snapshot, paths, treeOf } = heap;
  const prototype = labelOf(EDGE.property, snapshot.strings.find('__proto__'));
  const isMember = (node: number) =>
    rows.has(rowOf[treeOf[node]!]!) &&
    (paths.roles[node] === ROLE.value || paths.roles[node] === ROLE.root) &&
    !STRINGS.has(snapshot.nodeType[node]!);
  const follows = (to: number, label: number) =>
    label !== prototype && (isMember(to) || isOfProgram(heap, to));
  for (const node of nearby(heap, start, MAX_LOOKED_AT, follows, MAX_AWAY)) if (isMember(node)) return node;
  return -1;
}

const areHeavy = ({ nodes }: InspectedHeap, { accumulation }: Candidate): boolean =>
  accumulation.members.some((row) => isHeavyClass(nodes[row]!.className));

/** Whether `heavy` holds threads or processes, and `one` is what Node keeps for each of them. */
function comesWith(inspected: InspectedHeap, one: Candidate, heavy: Candidate): boolean {
  return areHeavy(inspected, heavy) && isNodes(inspected, one);
}

/** Whether Node's list of handles holds it, or a path through Node only, as to listeners that pass on the output of threads. */
function isNodes({ nodes }: InspectedHeap, { accumulation: { holder } }: Candidate): boolean {
  const rows = rowsTo(nodes, holder).map((row) => nodes[row]!);
  const isOfScope = rows[0]?.edge === SCOPE && isNodeScript(rows[0].className);
  return isHandleList(nodes, holder) || isOfScope || rows.some(({ className }) => className === 'process');
}

/** The holder of values comes before that of their keys; of two alike in size, always the same one. */
function merge(inspected: InspectedHeap, group: readonly Candidate[]): Candidate {
  const [first] = group;
  if (group.length === 1) return first!;
  const holdsKeys = ({ accumulation: { members } }: Candidate) =>
    members.every((row) => isPlain(inspected.nodes[row]!.className));
  const values = group.filter((one) => !holdsKeys(one));
  const gain = ({ accumulation }: Candidate) => accumulation.gainedBytes;
  const most = Math.max(...group.map(gain));
  const named = values.some((one) => gain(one) * FAR_MORE >= most) ? values : group;
  // Node's list holds every open handle; the other holder is the one that can release it.
  const isHeavy = group.some((one) => areHeavy(inspected, one));
  const held = named.filter((one) =>
    isHeavy ? !isNodes(inspected, one) : !isHandleList(inspected.nodes, one.accumulation.holder),
  );
  const heavy = named.filter((one) => isHeavy && areHeavy(inspected, one));
  const chosen = held.length > 0 ? held : heavy.length > 0 ? heavy : named;
  const largest = Math.max(...chosen.map(gain));
  const name = ({ accumulation: { holder } }: Candidate) => inspected.nodes[holder]!.edge;
  const [lead] = chosen
    .filter((one) => gain(one) * ALIKE >= largest)
    .sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return withOthers(
    lead!,
    group.filter((one) => one !== lead),
  );
}
