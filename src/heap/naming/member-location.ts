import { EMITTER_LISTENERS } from '../../mechanisms/path-names.js';
import { isNodeScript, packageOf } from '../../runtime/script-name.js';
import { target, targetOf } from '../graph/scopes.js';
import { scriptAddresses } from '../graph/script-addresses.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { boundFunction, callbackOf, TIMER, TIMER_LINKS } from '../growth/timer-callback.js';
import { isOfProgram, nearby } from '../members/nearby.js';
import { EDGE, type HeapSnapshot, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import type { MemberLocation } from '../sources/code-place.js';

const MAX_LOCATIONS = 4;
/** Objects searched around a function for one that waits. */
const MAX_NEAR = 64;
/** Edge from the wrapper of a native object to the object that the program uses. */
const OWNER = '<symbol owner_symbol>';
/** Objects searched for a function of the program. */
const MAX_LED_TO = 256;

/** Where functions and classes are defined. V8's script numbers hold in one process only; functions lead to the address. */
export class Places {
  readonly #heap: TracedHeap;
  /** V8's number of a script → its address; null until needed. */
  #addresses: ReadonlyMap<number, string> | null = null;

  constructor(heap: TracedHeap) {
    this.#heap = heap;
  }

  /** Where a function, or an object's constructor, is defined; for a timer, the function it calls. Null if unknown. */
  of(node: number): MemberLocation | null {
    const { snapshot, classes } = this.#heap;
    const callback = classes.of(node) === TIMER ? callbackOf(snapshot, node) : -1;
    let asked = boundFunction(snapshot, callback < 0 ? node : callback);
    // V8's own function settles a promise: people know the async function that waits for it.
    if (snapshot.nodeType[asked] === NODE.closure && snapshot.nodeLocation[asked] === 0)
      asked = this.#waiter(asked);
    const at = snapshot.nodeLocation[asked]!;
    if (at === 0) return null;
    const { scriptId, line, column } = snapshot.locations;
    this.#addresses ??= scriptAddresses(snapshot, null);
    const url = this.#addresses.get(scriptId[at]!);
    if (url === undefined) return null;
    return {
      function: classes.of(asked).replace(/\(\)$/, ''),
      url,
      line: line[at]! + 1,
      column: column[at]! + 1,
    };
  }

  /** The script of that place; empty if unknown, as for code of V8. */
  urlOf(node: number | undefined): string {
    return node === undefined ? '' : (this.of(node)?.url ?? '');
  }

  /** The function a timer calls; if that is a package's or Node's, the nearest function of the program that it leads to. */
  called(timer: number): MemberLocation | null {
    const place = this.of(timer);
    if (place !== null && !isElsewhere(place.url)) return place;
    return this.#ownFunction(timer) ?? place;
  }

  /** The function of the program that waits for an open handle: a listener on the object of Node's native one. */
  ofHandle(native: number): MemberLocation | null {
    const { snapshot } = this.#heap;
    const owner = ownerOfNative(snapshot, native);
    const listeners = targetOf(snapshot, owner, EDGE.property, EMITTER_LISTENERS);
    return this.#ownFunction(listeners) ?? this.#ownFunction(owner);
  }

  /** The nearest function of the program's own code that an object leads to; −1 leads to none. */
  #ownFunction(from: number): MemberLocation | null {
    const { snapshot, paths } = this.#heap;
    const skipped = ['__proto__', ...TIMER_LINKS].map((name) => snapshot.strings.find(name));
    const follows = (to: number, label: number) =>
      !(labelType(label) === EDGE.property && skipped.includes(labelName(label))) &&
      // A module's variables lead to all of its functions.
      paths.scopes.outermost[to] !== 1 &&
      isOfProgram(this.#heap, to);
    for (const node of from < 0 ? [] : nearby(this.#heap, from, MAX_LED_TO, follows)) {
      const place = snapshot.nodeType[node] === NODE.closure ? this.of(node) : null;
      if (place !== null && !isElsewhere(place.url)) return place;
    }
    return null;
  }

  /** The async function or generator that this function resumes; the function itself if none is near. */
  #waiter(closure: number): number {
    const { snapshot } = this.#heap;
    // Prototypes lead everywhere.
    const follows = (to: number, label: number) =>
      labelType(label) !== EDGE.property && isOfProgram(this.#heap, to);
    for (const node of nearby(this.#heap, closure, MAX_NEAR, follows)) {
      const suspended = target(snapshot, node, 'function');
      if (suspended >= 0 && snapshot.nodeType[suspended] === NODE.closure) return suspended;
    }
    return closure;
  }

  /** The distinct places of some objects, at most MAX_LOCATIONS. */
  ofAll(nodes: readonly number[]): readonly MemberLocation[] {
    const places = nodes.map((node) => this.of(node)).filter((place) => place !== null);
    const distinct = new Map(places.map((place) => [`${place.url}:${place.line}:${place.column}`, place]));
    return [...distinct.values()].slice(0, MAX_LOCATIONS);
  }
}

const isElsewhere = (url: string): boolean => isNodeScript(url) || packageOf(url) !== null;

/** NodeOrdinal of the object that owns a native one of Node; −1 means none. */
export function ownerOfNative(snapshot: HeapSnapshot, native: number): number {
  return targetOf(snapshot, target(snapshot, native, 'native_to_javascript'), EDGE.property, OWNER);
}
