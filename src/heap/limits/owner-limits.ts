import { SCOPE } from '../../mechanisms/path-names.js';
import type { Accumulation } from '../growth/accumulation.js';
import { CONTENT } from '../growth/path-tree.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { newestMembers, oldestMembers } from '../members/newest-members.js';
import { type InspectedHeap, objectsOf } from '../members/sample-members.js';
import type { TimerCaptures } from '../members/timer-capture.js';
import type { RetainerStep } from '../naming/retainer-step.js';
import { findBound } from './bound.js';
import type { BoundedInCode, BoundsInCode } from './bound-in-code.js';
import { findExpiry } from './expiry.js';
import type { Bound, Expiry } from './limit.js';
import { wordsOf } from './name-words.js';
import { type OwnerLevel, ownerPlaces, userOf } from './owner-place.js';

/** Entries read from either end of the collection. */
const MAX_ENTRIES = 32;
/** Steps of the path whose names say what the collection is about: those next to the members. */
const MAX_STEPS = 5;
/** Owners that increase by more than this take part in the growth. */
const GROWING = 1.1;

/** A suspect before its description is complete. */
export interface Limited extends Pick<BoundedInCode, 'path' | 'scripts'> {
  readonly accumulation: Accumulation;
  /** Series rows of the holder and of the objects it is a part of. */
  readonly ownerRows: readonly number[];
  readonly objects: readonly number[];
}

/** Evidence in the program itself that growth will end. */
export function ownerLimits(
  inspected: InspectedHeap,
  { accumulation, ownerRows, path, objects, scripts }: Limited,
  timers: TimerCaptures,
  code: BoundsInCode,
): { readonly bound: Bound | null; readonly expiry: Expiry | null } {
  const { heap, nodes, series } = inspected;
  // Digits of numbers in a scope are strings to V8.
  const ownersAt = (row: number) =>
    objectsOf(inspected, row).filter((node) => heap.classes.of(node) !== 'string');
  const holders = ownersAt(accumulation.holder);
  const levels = ownerRows.map((row) => levelOf(nodes[row]!.counts, ownersAt(row), accumulation));
  // The first element of a linked list holds the others: the owner is the holder of the first.
  if (path.length > 1 && path.at(-1)?.node === path.at(-2)?.node) levels.push(usersOf(heap, holders));
  const places = ownerPlaces(heap, levels);
  const subjects = subjectsOf(path);
  const oldest = oldestMembers(heap, holders, MAX_ENTRIES);
  const entries = {
    oldest: oldest.length > 0 ? oldest : objects,
    newest: newestMembers(heap, holders, MAX_ENTRIES),
  };
  const count = accumulation.counts.at(-1) ?? 0;
  const bytes = accumulation.bytes.at(-1) ?? 0;
  const bound = findBound(heap, levels, places, { count, bytes, subjects });
  // A number on the owner is better evidence than one in its code, and either than full holders.
  const isNumber = bound !== null && bound.source !== 'full-holders';
  const instances = Math.max(1, nodes[accumulation.holder]!.counts.at(-1) ?? 1);
  const inCode = isNumber ? null : code.find({ path, count, bytes, holders: instances, scripts });
  return {
    bound: inCode ?? bound,
    expiry: findExpiry(heap, places, subjects, entries, timers, series.times.at(-1) ?? 0),
  };
}

function usersOf(heap: TracedHeap, objects: readonly number[]): OwnerLevel {
  const users = new Set(objects.map((node) => userOf(heap, node)).filter((node) => node >= 0));
  return { objects: [...users], instances: Math.max(1, users.size), growing: false };
}

function levelOf(
  counts: readonly number[],
  objects: readonly number[],
  { risingSteps }: Accumulation,
): OwnerLevel {
  const now = counts.at(-1) ?? 0;
  const before = counts.at(-1 - risingSteps) ?? now;
  return { objects, instances: Math.max(1, now), growing: now > Math.max(1, before) * GROWING };
}

/** From the names on the path; edges that stand for the members of a collection are no names. */
function subjectsOf(path: readonly RetainerStep[]): ReadonlySet<string> {
  const near = [...path.slice(0, 1), ...path.slice(-MAX_STEPS)];
  const isName = (edge: string) => !CONTENT.has(edge) && edge !== SCOPE;
  const names = near.flatMap(({ edge, node }) => (isName(edge) ? [edge, node] : [node]));
  return new Set(names.flatMap(wordsOf));
}
