/**
 * The step from the nearest object above to a node, in JavaScript terms: V8's objects in between do not show. Text is read
 * once per label, not once per edge.
 */

import { ASYNC_STORE, ELEMENTS, ENTRIES, REACTIONS, WEAK_VALUE } from '../../mechanisms/path-names.js';
import { memo } from '../../runtime/memo.js';
import { ASYNC_FRAME, ROLE } from '../graph/node-role.js';
import type { ShortestPaths } from '../graph/shortest-path.js';
import { EDGE, type HeapSnapshot, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';
import { type Dictionary, isDataKey } from './dictionary.js';
import type { PathTree } from './path-tree.js';
import { FRAME_PROPERTY, STORE_PROPERTY } from './shared-stores.js';

/** Modules of the program, and those that stand for exports of Node or CommonJS. */
const MODULES = ['system / SourceTextModule', 'system / SyntheticModule'];

/** Steps as keys: `name * kinds + kind`. */
export class PathSteps {
  readonly #snapshot: HeapSnapshot;
  readonly #paths: ShortestPaths;
  readonly #classes: ClassNames;
  readonly #tree: PathTree;
  /** Label → key of the step. */
  readonly #variable = memo((label: number) => this.#tree.stepKey(this.#text(label), 'variable'));
  readonly #property = memo((label: number) => {
    const name = this.#text(label);
    if (name === STORE_PROPERTY || name === FRAME_PROPERTY) return this.store;
    return isDataKey(name) ? this.#entry : this.#tree.stepKey(name, 'property');
  });
  /** The same, for those that depend on nothing else. */
  readonly #internal = new Map<number, number>();
  /** NodeOrdinal of a part → key of the step that its holder takes through it. */
  readonly #through: Int32Array;
  readonly #dictionaries = new Map<number, Dictionary>();
  readonly root: number;
  readonly internal: number;
  readonly #rootMember: number;
  readonly #scope: number;
  readonly #element: number;
  readonly #entry: number;
  readonly store: number;
  readonly #reaction: number;
  readonly #table: number;
  readonly #hidden: number;
  readonly #frameName: number;
  readonly #moduleNames: readonly number[];

  constructor(snapshot: HeapSnapshot, paths: ShortestPaths, classes: ClassNames, tree: PathTree) {
    this.#snapshot = snapshot;
    this.#paths = paths;
    this.#classes = classes;
    this.#tree = tree;
    this.#through = new Int32Array(snapshot.nodeCount);
    this.root = tree.stepKey('', 'root');
    this.internal = tree.stepKey('', 'internal');
    this.#rootMember = tree.stepKey(ELEMENTS, 'root');
    this.#scope = tree.stepKey('(scope)', 'internal');
    this.#element = tree.stepKey(ELEMENTS, 'element');
    this.#entry = tree.stepKey(ELEMENTS, 'entry');
    this.store = tree.stepKey(ASYNC_STORE, 'variable');
    this.#reaction = tree.stepKey(REACTIONS, 'entry');
    this.#hidden = tree.stepKey('(internal)', 'internal');
    this.#table = tree.stepKey(ENTRIES, 'entry');
    this.#frameName = snapshot.strings.find(ASYNC_FRAME);
    this.#moduleNames = MODULES.map((name) => snapshot.strings.find(name)).filter((name) => name >= 0);
  }

  /** Properties of this object that lead to these classes are entries. Call it before asking for steps from the object. */
  foldProperties(node: number, folded: Dictionary): void {
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
    if (type === EDGE.context) return this.#variable(label);
    if (scopes.isContext[from] === 1) return this.#scope;
    if (roles[from] === ROLE.part) {
      if (nodeType[from] !== NODE.array) return this.#through[from]!;
      return this.#exportStep(from, edge) ?? this.#through[from]!;
    }
    if (roles[from] === ROLE.root) return this.#rootMember;
    if (type === EDGE.property) return this.#propertyStep(from, node, label);
    if (type === EDGE.element) return this.#element;
    if (type === EDGE.hidden) return this.#hidden;
    return this.#internalStep(from, node, label);
  }

  #text(label: number): string {
    return this.#snapshot.strings.text(labelName(label));
  }

  #propertyStep(from: number, to: number, label: number): number {
    const folded = this.#dictionaries.size === 0 ? undefined : this.#dictionaries.get(from);
    return folded?.has(this.#classes.of(to)) === true ? this.#entry : this.#property(label);
  }

  #internalStep(from: number, to: number, label: number): number {
    const known = this.#internal.get(label);
    if (known !== undefined) return known;
    const tree = this.#tree;
    const name = this.#text(label);
    // These depend on the node above, too.
    if (this.#paths.rule.isEphemeron(from, this.#paths.parentEdge[to]!))
      return tree.stepKey(WEAK_VALUE, 'internal');
    if (name === 'properties')
      return this.#dictionaries.has(from) ? this.#entry : tree.stepKey(name, 'internal');
    if (name === 'reactions_or_result')
      return this.#paths.roles[to] === ROLE.part ? this.#reaction : tree.stepKey('result', 'internal');
    let key = tree.stepKey(name, 'internal');
    if (this.#snapshot.strings.numeral(labelName(label)) >= 0) key = this.#hidden;
    else if (name === 'table') key = this.#table;
    else if (name === 'elements') key = this.#element;
    if (labelType(label) === EDGE.internal) this.#internal.set(label, key);
    return key;
  }

  /** The name of an exported variable stands in the module's table before the cell that holds its value. */
  #exportStep(table: number, edge: number): number | null {
    const { nodeName, nodeType, edgeTo, strings, firstEdge } = this.#snapshot;
    const holder = this.#paths.parent[table]!;
    if (!this.#moduleNames.includes(nodeName[holder]!) || edge === firstEdge[table]) return null;
    const name = edgeTo[edge - 1]!;
    const text = nodeType[name] === NODE.string ? strings.text(nodeName[name]!) : '';
    return text === '' ? null : this.#tree.stepKey(text, 'variable');
  }
}
