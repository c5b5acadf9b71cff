/**
 * The step from the nearest object above to a node, in JavaScript terms: V8's objects in between do not show. Text is read
 * once per label, not once per edge.
 */

import { ASYNC_STORE, ELEMENTS, ENTRIES, REACTIONS, WEAK_VALUE } from '../../mechanisms/path-names.js';
import { ASYNC_FRAME, ROLE } from '../graph/node-role.js';
import type { ShortestPaths } from '../graph/shortest-path.js';
import { EDGE, type HeapSnapshot, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';
import { isDataKey } from './dictionary.js';
import { EDGE_KINDS, type EdgeKind, type Names } from './path-tree.js';
import { FRAME_PROPERTY, STORE_PROPERTY } from './shared-stores.js';

/** Modules of the program, and those that stand for exports of Node or CommonJS. */
const MODULES = ['system / SourceTextModule', 'system / SyntheticModule'];

/** Steps as keys: `name * kinds + kind`. */
export class PathSteps {
  readonly #snapshot: HeapSnapshot;
  readonly #paths: ShortestPaths;
  readonly #classes: ClassNames;
  readonly #names: Names;
  /** Label → key, for those that depend on nothing else. */
  readonly #ofLabel = new Map<number, number>();
  /** NodeOrdinal of a part → key of the step that its holder takes through it. */
  readonly #through: Int32Array;
  /** NodeOrdinal → classes whose properties are entries. */
  readonly #dictionaries = new Map<number, ReadonlySet<string>>();
  readonly root: number;
  readonly internal: number;
  readonly #rootMember: number;
  readonly #scope: number;
  readonly #element: number;
  readonly #entry: number;
  readonly store: number;
  readonly #reaction: number;
  readonly #table: number;
  readonly #frameName: number;
  readonly #moduleNames: readonly number[];

  constructor(snapshot: HeapSnapshot, paths: ShortestPaths, classes: ClassNames, names: Names) {
    this.#snapshot = snapshot;
    this.#paths = paths;
    this.#classes = classes;
    this.#names = names;
    this.#through = new Int32Array(snapshot.nodeCount);
    this.root = this.key('', 'root');
    this.internal = this.key('', 'internal');
    this.#rootMember = this.key(ELEMENTS, 'root');
    this.#scope = this.key('(scope)', 'internal');
    this.#element = this.key(ELEMENTS, 'element');
    this.#entry = this.key(ELEMENTS, 'entry');
    this.store = this.key(ASYNC_STORE, 'variable');
    this.#reaction = this.key(REACTIONS, 'entry');
    this.#table = this.key(ENTRIES, 'entry');
    this.#frameName = snapshot.strings.find(ASYNC_FRAME);
    this.#moduleNames = MODULES.map((name) => snapshot.strings.find(name)).filter((name) => name >= 0);
  }

  key(name: string, kind: EdgeKind): number {
    return this.#names.id(name) * EDGE_KINDS.length + EDGE_KINDS.indexOf(kind);
  }

  /** Properties of this object that lead to these classes are entries. Call it before asking for steps from the object. */
  foldProperties(node: number, folded: ReadonlySet<string>): void {
    this.#dictionaries.set(node, folded);
  }

  /** Key of the step from the nearest object above to this node. Nodes above it must have been asked for before. */
  to(node: number): number {
    const step = this.#stepTo(node);
    if (this.#paths.roles[node] === ROLE.part) this.#through[node] = step;
    return step;
  }

  #stepTo(node: number): number {
    const { parent, parentEdge, roles, scopes } = this.#paths;
    const { nodeType, nodeName } = this.#snapshot;
    const from = parent[node]!;
    const edge = parentEdge[node]!;
    if (edge === -1 || from === 0) return this.root;
    if (nodeName[node] === this.#frameName && roles[node] === ROLE.part) return this.store;
    const label = labelAt(this.#snapshot, from, edge);
    const type = labelType(label);
    if (type === EDGE.context) return this.#variableStep(label);
    if (scopes.isContext[from] === 1) return this.#scope;
    if (roles[from] === ROLE.part) {
      if (nodeType[from] !== NODE.array) return this.#through[from]!;
      return this.#exportStep(from, edge) ?? this.#through[from]!;
    }
    if (roles[from] === ROLE.root) return this.#rootMember;
    if (type === EDGE.property) return this.#propertyStep(from, node, label);
    if (type === EDGE.element) return this.#element;
    if (type === EDGE.hidden) return this.key('(internal)', 'internal');
    return this.#internalStep(from, node, label);
  }

  #variableStep(label: number): number {
    let key = this.#ofLabel.get(label);
    if (key === undefined) {
      key = this.key(this.#snapshot.strings.text(labelName(label)), 'variable');
      this.#ofLabel.set(label, key);
    }
    return key;
  }

  #propertyStep(from: number, to: number, label: number): number {
    const folded = this.#dictionaries.size === 0 ? undefined : this.#dictionaries.get(from);
    if (folded?.has(this.#classes.of(to))) return this.#entry;
    let key = this.#ofLabel.get(label);
    if (key === undefined) {
      const name = this.#snapshot.strings.text(labelName(label));
      if (name === STORE_PROPERTY || name === FRAME_PROPERTY) key = this.store;
      else key = isDataKey(name) ? this.#entry : this.key(name, 'property');
      this.#ofLabel.set(label, key);
    }
    return key;
  }

  #internalStep(from: number, to: number, label: number): number {
    const { strings } = this.#snapshot;
    const known = this.#ofLabel.get(label);
    if (known !== undefined) return known;
    const name = strings.text(labelName(label));
    // These depend on the node above, too.
    if (this.#paths.rule.isEphemeron(from, this.#paths.parentEdge[to]!))
      return this.key(WEAK_VALUE, 'internal');
    if (name === 'properties') return this.#dictionaries.has(from) ? this.#entry : this.key(name, 'internal');
    if (name === 'reactions_or_result')
      return this.#paths.roles[to] === ROLE.part ? this.#reaction : this.key('result', 'internal');
    let key = this.key(name, 'internal');
    if (strings.numeral(labelName(label)) >= 0) key = this.key('(internal)', 'internal');
    else if (name === 'table') key = this.#table;
    else if (name === 'elements') key = this.#element;
    if (labelType(label) === EDGE.internal) this.#ofLabel.set(label, key);
    return key;
  }

  /** The name of an exported variable stands in the module's table before the cell that holds its value. */
  #exportStep(table: number, edge: number): number | null {
    const { nodeName, nodeType, edgeTo, strings, firstEdge } = this.#snapshot;
    const holder = this.#paths.parent[table]!;
    if (!this.#moduleNames.includes(nodeName[holder]!) || edge === firstEdge[table]) return null;
    const name = edgeTo[edge - 1]!;
    const text = nodeType[name] === NODE.string ? strings.text(nodeName[name]!) : '';
    return text === '' ? null : this.key(text, 'variable');
  }
}
