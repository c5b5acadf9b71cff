import { SCOPE, TIMERS_LIST } from '../../mechanisms/path-names.js';
import { isNodeScript, packageOf, shortScript } from '../../runtime/script-name.js';
import { ROLE } from '../graph/node-role.js';
import type { Accumulation } from '../growth/accumulation.js';
import { isDataKey } from '../growth/dictionary.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { scopeAbove } from '../members/nearby.js';
import { type InspectedHeap, objectsOf } from '../members/sample-members.js';
import { labelAt, labelName, NODE } from '../snapshot/heap-snapshot.js';
import type { MemberLocation } from '../sources/code-place.js';
import { ClassTitles, isShortName } from './class-title.js';
import {
  type CapturingScope,
  type Holder,
  type HolderFacts,
  holderOf,
  plainTitle,
  UNKNOWN,
} from './holder.js';
import { ownerOfNative, type Places } from './member-location.js';
import { isHandleList } from './open-handle.js';
import { rowsTo } from './retainer-path.js';
import type { RetainerStep } from './retainer-step.js';

/** Members whose callback is looked for. */
const MAX_ASKED = 8;
/** Objects are not looked up for the steps of longer paths. */
const MAX_NAMED_STEPS = 32;

/** Finds holders: looks at the objects on a path, which show more than its names. */
export class HolderPlaces {
  readonly #inspected: InspectedHeap;
  readonly #heap: TracedHeap;
  readonly #places: Places;
  readonly #titles: ClassTitles;

  constructor(inspected: InspectedHeap, places: Places) {
    this.#inspected = inspected;
    this.#heap = inspected.heap;
    this.#places = places;
    this.#titles = new ClassTitles(inspected.heap.snapshot);
  }

  /** `path` leads to the members, of which `objects` are some, the newest first. */
  of({ holder, gained }: Accumulation, path: readonly RetainerStep[], objects: readonly number[]): Holder {
    const holders = objectsOf(this.#inspected, holder);
    const steps = this.#stepObjects(holder, holders[0]);
    const facts: HolderFacts = {
      scope: this.#capturedBy(holders[0], path[0]?.edge === SCOPE ? path[0].node : null),
      event: eventOf(this.#heap, holders[0]),
      callback: this.#callback(holder, objects),
      isForeign: (at) => this.isForeign(steps[at]),
      titleOf: (at) => this.#titleOf(path[at]!.node, steps[at]),
    };
    // A member that only became larger is the holder of the growth.
    const last = path.at(-1)!;
    return holderOf(gained === 0 && holder > 0 ? [...path, last] : path, facts);
  }

  /** The class of the JavaScript object that wraps Node's native one: people know that. Null if there is no such object. */
  handleClass({ holder }: Accumulation, objects: readonly number[]): string | null {
    if (!isHandleList(this.#inspected.nodes, holder) || objects[0] === undefined) return null;
    const owner = ownerOfNative(this.#heap.snapshot, objects[0]);
    return owner < 0 ? null : this.#heap.classes.of(owner);
  }

  /** Whether its class, or its code, belongs to a package or to Node. Plain objects belong to nobody. */
  isForeign(object: number | undefined): boolean {
    if (object === undefined || this.#heap.classes.of(object) === 'globalThis') return false;
    const url = this.#places.of(object)?.url;
    if (url === undefined) return false;
    // Each module gets its own `require` and the like: such a function of Node belongs to that module.
    if (isNodeScript(url)) return this.#heap.snapshot.nodeType[object] !== NODE.closure;
    return packageOf(url) !== null;
  }

  #callback(holder: number, objects: readonly number[]): MemberLocation | null {
    const isList = isHandleList(this.#inspected.nodes, holder);
    const asks = (node: number) => (isList ? this.#places.ofHandle(node) : this.#places.called(node));
    if (!isList && this.#inspected.nodes[holder]!.className !== TIMERS_LIST) return null;
    const asked = objects.slice(0, MAX_ASKED).map(asks);
    return asked.find((place) => place !== null) ?? null;
  }

  /** An object for each step of the path to the holder; none if the path is too long. */
  #stepObjects(holder: number, sample: number | undefined): readonly (number | undefined)[] {
    const { paths, treeOf } = this.#heap;
    const objectOf = new Map<number, number>();
    for (let node = sample ?? -1; node > 0; node = paths.parent[node]!) {
      if (paths.roles[node] === ROLE.value) objectOf.set(this.#inspected.rowOf[treeOf[node]!]!, node);
    }
    const rows = rowsTo(this.#inspected.nodes, holder);
    return rows.length > MAX_NAMED_STEPS ? [] : rows.map((row) => objectOf.get(row));
  }

  #titleOf(className: string, object: number | undefined): string {
    const title = plainTitle(className);
    if (object === undefined || !isShortName(title)) return title;
    const exported = this.#titles.of(object);
    if (exported !== null) return exported;
    const found = packageOf(this.#places.urlOf(object));
    return found === null ? title : `${found.name}: ${title}`;
  }

  /** The function whose scope holds the variable that leads to this object, and the module if that scope is a module's. */
  #capturedBy(holder: number | undefined, scopeScript: string | null): CapturingScope {
    const { paths, classes, snapshot } = this.#heap;
    const scope = scopeAbove(this.#heap, holder ?? -1);
    if (scope < 0) return UNKNOWN;
    const closure = paths.scopes.closure[scope]!;
    const script = paths.scopes.script[scope]!;
    const address = script < 0 ? '' : snapshot.strings.text(script);
    return {
      closure: closure < 0 ? null : classes.of(closure),
      script: paths.scopes.outermost[scope] === 1 ? scopeScript : null,
      packaged: packageOf(address) === null ? null : shortScript(address),
    };
  }
}

/**
 * The event of a listener list. An EventTarget keeps its lists in a Map by event name; in the Map's table the key stands
 * in the slot before its value. The text is known only if the program also uses it as a property name, since texts of
 * strings are not kept, and it is returned only if it does not look like data.
 */
function eventOf({ snapshot, paths }: TracedHeap, list: number | undefined): string | null {
  const { firstEdge, edgeTo, nodeType, nodeName, strings } = snapshot;
  const table = paths.parent[list ?? 0]!;
  if (list === undefined || table < 0 || nodeType[table] !== NODE.array) return null;
  const slotOf = (edge: number) => strings.numeral(labelName(labelAt(snapshot, table, edge)));
  const edge = paths.parentEdge[list]!;
  const slot = slotOf(edge);
  if (slot <= 0 || edge === firstEdge[table] || slotOf(edge - 1) !== slot - 1) return null;
  const key = edgeTo[edge - 1]!;
  const text = nodeType[key] === NODE.string ? strings.text(nodeName[key]!) : '';
  return text === '' || isDataKey(text) ? null : text;
}
