/**
 * Where a limit or a lifetime of a collection may be, nearest first.
 *
 * The rule of distance. Near: the holder, the objects it is part of up to the nearest class with a name, the settings of
 * each of these (one level), and the static fields of that class. There a limit counts unless its name is about something
 * else. Far: the user of a class that is a container by its name, and the variables, with the settings among them, of the
 * scopes that the owner's code sees: from the scope of the variable that holds the collection, or of the class, out to that
 * of its module. Many things share a scope, so there a name must be about the collection or be neutral, such as `max`. If
 * other collections share the scope, a neutral name may be about those: it counts only while an error would soon show.
 * Nothing else is read: not the users of the owner, not its members, not other modules.
 */

import { isNodeScript } from '../../runtime/script-name.js';
import { ROLE } from '../graph/node-role.js';
import { target, targetOf } from '../graph/scopes.js';
import { countElements, countTableEntries, tableOf } from '../growth/collection-table.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { fieldsOf } from '../members/number-field.js';
import { GENERIC } from '../naming/generic-class.js';
import { EDGE, NODE } from '../snapshot/heap-snapshot.js';
import { stems, wordsOf } from './name-words.js';

/** Objects read at one step of the path. */
const MAX_OBJECTS = 8;
const MAX_SCOPES = 8;
const MAX_PROTOTYPES = 3;
/** Entries that make a collection of an array or table. */
const MIN_ENTRIES = 16;
/** Parts of a collection between it and what holds it. */
const MAX_PARTS = 8;
/** Last words of names under which settings are kept. */
const SETTINGS = stems('options opts config conf cfg settings params limits policy props');
/** A class that others use to build theirs: its limit is theirs. */
const CONTAINER =
  /(?:list|queue|deque|map|set|table|tree|trie|heap|stack|ring|buffer|bucket|storage|collection|dictionary|hash)s?\d*$/i;

/** Objects at one step from the holder up. */
export interface OwnerLevel {
  readonly objects: readonly number[];
  /** How many there are, a count. */
  readonly instances: number;
  /** Their number rose together with that of the members. */
  readonly growing: boolean;
}

export interface Place {
  /** An object, a function with its static fields, or a scope. */
  readonly node: number;
  readonly near: boolean;
  /** A scope that other collections share. */
  readonly shared: boolean;
  readonly level: OwnerLevel;
}

export function ownerPlaces(heap: TracedHeap, levels: readonly OwnerLevel[]): readonly Place[] {
  const places = new Map<number, Place>();
  const add = (node: number, near: boolean, level: OwnerLevel, shared = false) => {
    if (node < 0 || places.has(node)) return;
    for (const at of [node, ...settingsOf(heap, node)]) {
      if (!places.has(at)) places.set(at, { node: at, near, level, shared });
    }
  };
  for (const level of levels)
    for (const node of level.objects.slice(0, MAX_OBJECTS))
      add(node, !heap.paths.globals.includes(node), level);
  const top = levels.findLast(({ objects }) => objects.length > 0);
  if (top === undefined) return [];
  const owners = top.objects.slice(0, MAX_OBJECTS);
  const classes = new Set(owners.flatMap((owner) => classesOf(heap, owner)));
  for (const made of classes) add(made, true, top);
  for (const owner of owners) {
    if (CONTAINER.test(heap.classes.of(owner)) && !GENERIC.has(heap.classes.of(owner)))
      add(userOf(heap, owner), false, top);
  }
  const unnamed = owners.filter((owner) => GENERIC.has(heap.classes.of(owner)));
  const scopes = new Set([
    ...unnamed.map((owner) => userOrScope(heap, owner)),
    ...[...classes].map((made) => target(heap.snapshot, made, 'context')),
  ]);
  const own = new Set(levels.flatMap(({ objects }) => objects));
  for (const scope of scopes) {
    for (const around of scopeChain(heap, scope)) add(around, false, top, isShared(heap, around, own));
  }
  return [...places.values()];
}

function settingsOf({ snapshot, paths }: TracedHeap, node: number): readonly number[] {
  const found: number[] = [];
  for (const [name, to] of fieldsOf(snapshot, node)) {
    if (found.length === MAX_OBJECTS) break;
    if (paths.roles[to] === ROLE.value && SETTINGS.has(wordsOf(name).at(-1) ?? '')) found.push(to);
  }
  return found;
}

/** The function that made an object, and those of the classes that it extends. */
function classesOf({ snapshot }: TracedHeap, node: number): readonly number[] {
  if (snapshot.nodeType[node] === NODE.closure) return [node];
  const found: number[] = [];
  let prototype = targetOf(snapshot, node, EDGE.property, '__proto__');
  for (let depth = 0; prototype >= 0 && depth < MAX_PROTOTYPES; depth++) {
    const made = targetOf(snapshot, prototype, EDGE.property, 'constructor');
    if (made >= 0 && snapshot.nodeType[made] === NODE.closure) found.push(made);
    prototype = targetOf(snapshot, prototype, EDGE.property, '__proto__');
  }
  return found;
}

/** The object of the program, or the scope, that leads to this object; −1 means neither. */
function userOrScope({ paths }: TracedHeap, node: number): number {
  let above = paths.parent[node]!;
  for (let step = 0; above > 0 && step < MAX_PARTS; step++) {
    if (paths.roles[above] === ROLE.value || paths.scopes.isContext[above] === 1) return above;
    above = paths.parent[above]!;
  }
  return -1;
}

/** The object of the program that holds this one; −1 means none. */
export function userOf(heap: TracedHeap, node: number): number {
  const found = userOrScope(heap, node);
  return heap.paths.scopes.isContext[found] === 1 ? -1 : found;
}

/** A scope and those around it; none if it is no scope, or one of Node's. */
function scopeChain({ snapshot, paths }: TracedHeap, scope: number): readonly number[] {
  const chain: number[] = [];
  let at = scope;
  while (at >= 0 && paths.scopes.isContext[at] === 1 && chain.length < MAX_SCOPES) {
    const script = paths.scopes.script[at]!;
    if (script >= 0 && isNodeScript(snapshot.strings.text(script))) break;
    chain.push(at);
    at = target(snapshot, at, 'previous');
  }
  return chain;
}

/** Whether a scope has collections besides one's own, in variables or in objects of the classes that were made in it. */
function isShared(heap: TracedHeap, scope: number, own: ReadonlySet<number>): boolean {
  const { snapshot } = heap;
  for (const [, to] of fieldsOf(snapshot, scope)) {
    if (own.has(to) || snapshot.nodeType[to] !== NODE.object) continue;
    if (isCollection(heap, to)) return true;
    const made = classesOf(heap, to)[0];
    if (made === undefined || !scopeChain(heap, target(snapshot, made, 'context')).includes(scope)) continue;
    for (const [, part] of fieldsOf(snapshot, to))
      if (!own.has(part) && isCollection(heap, part)) return true;
  }
  return false;
}

/** Not the lists that a program writes down. */
function isCollection({ snapshot }: TracedHeap, node: number): boolean {
  const table = tableOf(snapshot, node);
  return (table < 0 ? countElements(snapshot, node) : countTableEntries(snapshot, table)) >= MIN_ENTRIES;
}
