/**
 * Classes of a heap. What makes a class: the name of the constructor, or of the function; where it is defined, so that
 * two classes of one name stay apart; and, for plain objects, their shape. None of it depends on ids, so a class is the
 * same in all snapshots.
 *
 * Invariant: text is put together once a kind of node, not once a node. A kind is a type, a name, a place of definition and
 * for plain objects a list of labels, all of them numbers of one snapshot.
 */
import { type HeapSnapshot, NODE_TYPES } from '../snapshot/heap-snapshot.js';
import { type ClassLocation, classLocations } from './class-location.js';
import { type ClassNames, NAMELESS } from './class-names.js';
import { KindTable, NO_LIST } from './kind-table.js';
import { isPlain, plainName, shapeOf } from './object-shape.js';
import { Names } from './path-tree.js';

/** Most lists of labels that become shapes, those of most objects first; the objects of others have no shape. */
const MAX_SHAPE_LISTS = 20_000;
/** A shape of fewer objects is more likely a table with keys than a record with fields: it stays without one. */
const MIN_SHAPE_OBJECTS = 4;
/** Stands for the class of a kind whose nodes are of several, such as all that one constructor of Node makes. */
const EACH_BY_ITSELF = -1;
const SEVERAL = -2;

export interface ClassKey {
  readonly className: string;
  /** Where the constructor or the function is defined; null if unknown or built in. */
  readonly location: ClassLocation | null;
  /** Fields of a plain object such as `{customer, items}`, null for others and for rare shapes. */
  readonly shape: string | null;
}

export interface ClassTable {
  /** ClassId → class; each class once. */
  readonly keys: readonly ClassKey[];
  /** NodeOrdinal → ClassId. */
  readonly classOf: Uint32Array;
}

/** Distinguishes classes as `keys` does, also between snapshots. */
export function classText({ className, location, shape }: ClassKey): string {
  const place = location === null ? '' : `${location.line}:${location.column}:${location.script}`;
  return `${className}\u0000${shape ?? ''}\u0000${place}`;
}

export function classTable(snapshot: HeapSnapshot, names: ClassNames): ClassTable {
  const { kinds, kindOf } = collectKinds(snapshot);
  const shapes = frequentShapes(snapshot, kinds);
  const locations = classLocations(snapshot, kinds.examples);
  const keys: ClassKey[] = [];
  const texts = new Names();
  const classOfKind = new Int32Array(kinds.length);
  const idOf = (kind: number, className: string) => {
    const location = locations[kinds.place(kind)] ?? null;
    const key = { className, location, shape: shapes.get(kind) ?? null };
    const id = texts.id(classText(key));
    keys[id] = key;
    return id;
  };
  /** The class of all plain objects without a shape: kinds that differ only in their list of labels may be a million. */
  let shapeless = EACH_BY_ITSELF;
  for (let kind = 0; kind < kinds.length; kind++) {
    const node = kinds.example(kind);
    const className = names.of(node);
    const isRest = kinds.list(kind) !== NO_LIST && className === 'Object' && !shapes.has(kind);
    if (!names.isSettled(node)) classOfKind[kind] = EACH_BY_ITSELF;
    else if (isRest && shapeless !== EACH_BY_ITSELF) classOfKind[kind] = shapeless;
    else classOfKind[kind] = idOf(kind, className);
    if (isRest) shapeless = classOfKind[kind]!;
  }
  const ofKindAndName = new Map<number, Map<string, number>>();
  for (let node = 0; node < kindOf.length; node++) {
    const kind = kindOf[node]!;
    let id = classOfKind[kind]!;
    if (id === EACH_BY_ITSELF) {
      const className = names.of(node);
      const ofName = ofKindAndName.get(kind) ?? new Map<string, number>();
      id = ofName.get(className) ?? idOf(kind, className);
      ofKindAndName.set(kind, ofName.set(className, id));
    }
    kindOf[node] = id;
  }
  return { keys, classOf: kindOf };
}

/** `kindOf`: NodeOrdinal → kind. */
function collectKinds(snapshot: HeapSnapshot): { kinds: KindTable; kindOf: Uint32Array } {
  const { nodeCount, nodeType, nodeName, nodeLocation, firstEdge, firstLabel } = snapshot;
  const plain = plainName(snapshot);
  const kinds = new KindTable();
  /** Node type → its kind, where one is enough: −1 means not met yet, SEVERAL that there are more. */
  const kindOfType = Int32Array.from(NAMELESS, (nameless) => (nameless === 1 ? -1 : SEVERAL));
  const kindOf = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node]!;
    const known = kindOfType[type]!;
    if (known !== SEVERAL) {
      if (known < 0) kindOfType[type] = kinds.kind(node, type, 0, 0, NO_LIST);
      kindOf[node] = kindOfType[type]!;
      continue;
    }
    const name = nodeName[node]!;
    let form = type;
    let list = NO_LIST;
    // Without edges a node has no list, and its place among the labels means nothing.
    if (name === plain && isPlain(snapshot, node, plain) && firstEdge[node] !== firstEdge[node + 1]) {
      form += (firstEdge[node + 1]! - firstEdge[node]!) * NODE_TYPES.length;
      list = firstLabel[node]!;
    }
    kindOf[node] = kinds.kind(node, form, name, nodeLocation[node]!, list);
  }
  return { kinds, kindOf };
}

/** Kind → shape, for those plain objects that have one. */
function frequentShapes(snapshot: HeapSnapshot, kinds: KindTable): ReadonlyMap<number, string> {
  const plain = plainName(snapshot);
  const lists: number[] = [];
  for (let kind = 0; kind < kinds.length; kind++) {
    if (isPlain(snapshot, kinds.example(kind), plain)) lists.push(kind);
  }
  if (lists.length > MAX_SHAPE_LISTS) {
    lists.sort((a, b) => kinds.count(b) - kinds.count(a) || a - b);
    lists.length = MAX_SHAPE_LISTS;
  }
  const shapes = new Map<number, string>();
  const objects = new Map<string, number>();
  for (const kind of lists) {
    const shape = shapeOf(snapshot, kinds.example(kind));
    if (shape === null) continue;
    shapes.set(kind, shape);
    objects.set(shape, (objects.get(shape) ?? 0) + kinds.count(kind));
  }
  for (const [kind, shape] of shapes) if (objects.get(shape)! < MIN_SHAPE_OBJECTS) shapes.delete(kind);
  return shapes;
}
