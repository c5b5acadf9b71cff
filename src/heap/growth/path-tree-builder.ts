/**
 * The path tree, after LeakCanary's ObjectGrowthDetector: the shortest-path tree of the heap with its nodes grouped by
 * step = edge name + class, so that it can be compared between snapshots without object ids.
 * Deviations: V8's tables and stores are folded into the objects they build; the variables of a scope that exists once
 * hang below their script, whichever closure led there; repeated steps (linked lists) fold into one node.
 */
import { ROLE } from '../graph/node-role.js';
import { OwnObjects } from '../graph/own-objects.js';
import { shortScript } from '../graph/script-name.js';
import type { ShortestPaths } from '../graph/shortest-path.js';
import {
  edgeTypeCode,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  nodeTypeCode,
  sizeOf,
} from '../snapshot/heap-snapshot.js';
import { ClassNames } from './class-names.js';
import { countElements, countTableEntries, tableOf } from './collection-table.js';
import { countDictionary, dictionaryClasses, isDataKey } from './dictionary.js';
import {
  ARTEFACT,
  EDGE_KINDS,
  type EdgeKind,
  ELEMENTS,
  ENTRIES,
  NODE_KINDS,
  PathTree,
  SCOPE,
} from './path-tree.js';

const INTERNALS = '(V8 internals)';
const UNREACHED = '(not reachable)';
const WEAK_VALUE = '(weak map value)';

const CONTEXT_EDGE = edgeTypeCode('context');
const ELEMENT_EDGE = edgeTypeCode('element');
const PROPERTY_EDGE = edgeTypeCode('property');
const HIDDEN_EDGE = edgeTypeCode('hidden');
const ARRAY = nodeTypeCode('array');
const OTHER = NODE_KINDS.indexOf('other');

export interface TracedHeap {
  readonly snapshot: HeapSnapshot;
  readonly paths: ShortestPaths;
  readonly classes: ClassNames;
  readonly tree: PathTree;
  /** NodeOrdinal → tree node it was counted in. */
  readonly treeOf: Int32Array;
}

export function buildPathTree(snapshot: HeapSnapshot, paths: ShortestPaths): TracedHeap {
  const builder = new PathTreeBuilder(snapshot, paths);
  for (const node of paths.order) builder.add(node);
  builder.tree.sumUp();
  return { snapshot, paths, classes: builder.classes, tree: builder.tree, treeOf: builder.treeOf };
}

class PathTreeBuilder {
  readonly tree = new PathTree();
  readonly classes: ClassNames;
  readonly treeOf: Int32Array;
  readonly #snapshot: HeapSnapshot;
  readonly #paths: ShortestPaths;
  /** NodeOrdinal of a part → key of the step that its holder takes through it (`name * kinds + kind`). */
  readonly #stepOf: Int32Array;
  readonly #globals: ReadonlySet<number>;
  readonly #own: OwnObjects;
  /** NodeOrdinal → classes whose properties are entries. */
  readonly #dictionaries = new Map<number, ReadonlySet<string>>();

  constructor(snapshot: HeapSnapshot, paths: ShortestPaths) {
    this.#snapshot = snapshot;
    this.#paths = paths;
    this.classes = new ClassNames(snapshot, paths.globals);
    this.treeOf = new Int32Array(snapshot.nodeCount);
    this.#stepOf = new Int32Array(snapshot.nodeCount);
    this.#globals = new Set(paths.globals);
    this.#own = new OwnObjects(snapshot);
  }

  add(node: number): void {
    const { parent, roles, scopes } = this.#paths;
    const size = sizeOf(this.#snapshot, node);
    if (node === 0) {
      this.tree.bytes[0]! += size;
      return;
    }
    const above = this.treeOf[parent[node]!]!;
    const role = roles[node];
    if (role === ROLE.leaf) {
      this.treeOf[node] = above;
      this.tree.bytes[above]! += size;
      return;
    }
    const step = this.#step(node);
    this.#stepOf[node] = step;
    let at: number;
    if (role === ROLE.part) {
      at = scopes.isContext[node] === 1 ? this.#scope(node, above) : this.#unheld(node, above);
    } else if (role === ROLE.internal) {
      at = this.#child(
        this.#child(0, this.#key('', 'root'), INTERNALS, OTHER, 1),
        this.#key('', 'internal'),
        this.classes.of(node),
        OTHER,
        1,
      );
      this.tree.count[at]!++;
    } else {
      at = this.#value(node, above, step);
    }
    this.treeOf[node] = at;
    this.tree.bytes[at]! += size;
  }

  #value(node: number, above: number, step: number): number {
    const at = this.#child(
      this.#unheld(node, above),
      step,
      this.classes.of(node),
      this.classes.kindOf(node),
      0,
    );
    // Asked once a path: the members of one path are made by one class, as far as their names tell.
    if (this.tree.count[at] === 0 && this.#own.isOwn(node)) this.tree.artefact[at]! |= ARTEFACT.own;
    this.tree.count[at]!++;
    this.tree.entries[at]! += this.#entries(node);
    return at;
  }

  /** What no strong path leads to is kept apart from what the root holds. */
  #unheld(node: number, above: number): number {
    const { parent, parentEdge, scopes } = this.#paths;
    const isSeed = parentEdge[node] === -1 && parent[node] === 0;
    if (!isSeed || this.#globals.has(node) || scopes.isContext[node] === 1) return above;
    return this.#child(0, this.#key('', 'root'), UNREACHED, OTHER, 1);
  }

  /** Variables that exist once hang below their script; others below the closure that holds them. */
  #scope(context: number, above: number): number {
    const { scopes } = this.#paths;
    const script = scopes.script[context]!;
    if (scopes.single[context] !== 1 || script < 0) return above;
    const name = shortScript(this.#snapshot.strings.text(script));
    return this.#child(0, this.#key(SCOPE, 'root'), name, OTHER, 0);
  }

  #entries(node: number): number {
    const snapshot = this.#snapshot;
    const table = tableOf(snapshot, node);
    if (table >= 0) return countTableEntries(snapshot, table);
    const folded = this.#globals.has(node) ? null : dictionaryClasses(snapshot, this.classes, node);
    if (folded === null) return countElements(snapshot, node);
    this.#dictionaries.set(node, folded);
    return countElements(snapshot, node) + countDictionary(snapshot, this.classes, node, folded);
  }

  /** Key of the step from the nearest object above to this node. */
  #step(node: number): number {
    const { parent, parentEdge, roles, scopes } = this.#paths;
    const { strings, nodeType } = this.#snapshot;
    const from = parent[node]!;
    const edge = parentEdge[node]!;
    if (edge === -1 || from === 0) return this.#key('', 'root');
    const label = labelAt(this.#snapshot, from, edge);
    const type = labelType(label);
    if (type === CONTEXT_EDGE) return this.#key(strings.text(labelName(label)), 'variable');
    if (scopes.isContext[from] === 1) return this.#key('(scope)', 'internal');
    if (roles[from] === ROLE.part) {
      return nodeType[from] === ARRAY
        ? (this.#exportStep(from, edge) ?? this.#stepOf[from]!)
        : this.#stepOf[from]!;
    }
    if (roles[from] === ROLE.root) return this.#key(ELEMENTS, 'root');
    if (type === PROPERTY_EDGE) return this.#propertyStep(from, node, strings.text(labelName(label)));
    if (type === ELEMENT_EDGE) return this.#key(ELEMENTS, 'element');
    if (type === HIDDEN_EDGE || strings.numeral(labelName(label)) >= 0)
      return this.#key('(internal)', 'internal');
    if (this.#paths.rule.isEphemeron(from, edge)) return this.#key(WEAK_VALUE, 'internal');
    return this.#internalStep(from, strings.text(labelName(label)));
  }

  #propertyStep(from: number, to: number, name: string): number {
    const folded = this.#dictionaries.get(from);
    if (folded?.has(this.classes.of(to)) || isDataKey(name)) return this.#key(ELEMENTS, 'entry');
    return this.#key(name, 'property');
  }

  #internalStep(from: number, name: string): number {
    // The store of an object used as a table holds its keys: entries too.
    if (name === 'properties' && this.#dictionaries.has(from)) return this.#key(ELEMENTS, 'entry');
    if (name === 'table') return this.#key(ENTRIES, 'entry');
    if (name === 'elements') return this.#key(ELEMENTS, 'element');
    return this.#key(name, 'internal');
  }

  /** The name of an exported variable stands in the module's table before the cell that holds its value. */
  #exportStep(table: number, edge: number): number | null {
    const { nodeName, nodeType, edgeTo, strings, firstEdge } = this.#snapshot;
    const holder = this.#paths.parent[table]!;
    if (strings.text(nodeName[holder]!) !== 'system / SourceTextModule' || edge === firstEdge[table])
      return null;
    const name = edgeTo[edge - 1]!;
    const isString = nodeType[name] === nodeTypeCode('string');
    const text = isString ? strings.text(nodeName[name]!) : '';
    return text === '' ? null : this.#key(text, 'variable');
  }

  #key(name: string, kind: EdgeKind): number {
    return this.tree.names.id(name) * EDGE_KINDS.length + EDGE_KINDS.indexOf(kind);
  }

  #child(above: number, key: number, className: string, nodeKind: number, artefact: number): number {
    const kinds = EDGE_KINDS.length;
    return this.tree.step(
      above,
      Math.floor(key / kinds),
      key % kinds,
      this.tree.names.id(className),
      nodeKind,
      artefact,
    );
  }
}
