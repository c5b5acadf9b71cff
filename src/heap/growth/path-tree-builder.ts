/**
 * The path tree, after LeakCanary's ObjectGrowthDetector: the shortest-path tree of the heap with its nodes grouped by
 * step = edge name + class, so that it can be compared between snapshots without object ids.
 * Deviations: V8's tables and stores are folded into the objects they build; the variables of a scope that exists once
 * hang below their script, whichever closure led there; repeated steps (linked lists) fold into one node; the timers of
 * a list hang below it by what they call.
 */

import { SCOPE, TIMERS_LIST } from '../../mechanisms/path-names.js';
import { shortScript } from '../../runtime/script-name.js';
import { ROLE } from '../graph/node-role.js';
import { ownObjects } from '../graph/own-objects.js';
import { NATIVE_CONTEXT, type ShortestPaths } from '../graph/shortest-path.js';
import { type HeapSnapshot, sizeOf } from '../snapshot/heap-snapshot.js';
import { ClassNames } from './class-names.js';
import { EntryCounts } from './entry-count.js';
import { PathSteps } from './path-step.js';
import { ARTEFACT, NODE_KINDS, PathTree } from './path-tree.js';
import { type SampleWeights, sampleWeights } from './sample-weights.js';
import type { SampledContent } from './sampled-content.js';
import { sharedStores } from './shared-stores.js';
import { TIMER, TIMER_LINKS, timerNames } from './timer-callback.js';

/** Class of V8's own memory in the tree. */
export const INTERNALS = '(V8 internals)';
const UNREACHED = '(not reachable)';

const OTHER = NODE_KINDS.indexOf('other');

export interface TracedHeap {
  readonly snapshot: HeapSnapshot;
  readonly paths: ShortestPaths;
  readonly classes: ClassNames;
  readonly tree: PathTree;
  /** NodeOrdinal → tree node it was counted in. */
  readonly treeOf: Int32Array;
  /** Weights of the objects of a sampled snapshot; null for a whole heap, where each object stands for itself. */
  readonly weights: SampleWeights | null;
}

/** `content`: the one by which the paths were found. */
export function buildPathTree(
  snapshot: HeapSnapshot,
  paths: ShortestPaths,
  content: SampledContent | null = null,
): TracedHeap {
  const weights = content === null ? null : sampleWeights(snapshot, paths, content);
  const builder = new PathTreeBuilder(snapshot, paths, content, weights);
  const { order } = paths;
  for (let at = 0; at < order.length; at++) builder.add(order[at]!);
  builder.tree.sumUp();
  if (weights !== null) builder.tree.round();
  return { snapshot, paths, classes: builder.classes, tree: builder.tree, treeOf: builder.treeOf, weights };
}

class PathTreeBuilder {
  readonly tree = new PathTree();
  readonly classes: ClassNames;
  readonly treeOf: Int32Array;
  readonly #snapshot: HeapSnapshot;
  readonly #paths: ShortestPaths;
  readonly #weights: SampleWeights | null;
  readonly #steps: PathSteps;
  readonly #entries: EntryCounts;
  readonly #globals: ReadonlySet<number>;
  readonly #isOwn: (node: number) => boolean;
  /** Key of a node's kind → id of its class, its NODE_KIND. */
  readonly #classIds = new Map<number, { readonly id: number; readonly kind: number }>();
  /** Class → its tree node below V8's internals. */
  readonly #internals = new Map<string, number>();
  readonly #timerName: (timer: number) => string;
  readonly #timersList: number;
  readonly #timer: number;
  readonly #timerLinks: ReadonlySet<number>;
  readonly #reactionName: number;
  readonly #nativeContext: number;
  readonly #sharedStores: ReadonlySet<number>;
  /** Tree nodes within contexts of `node:vm`. */
  readonly #foreign = new Set<number>();

  constructor(
    snapshot: HeapSnapshot,
    paths: ShortestPaths,
    content: SampledContent | null,
    weights: SampleWeights | null,
  ) {
    this.#snapshot = snapshot;
    this.#paths = paths;
    this.#weights = weights;
    this.classes = new ClassNames(snapshot, paths.globals);
    this.treeOf = new Int32Array(snapshot.nodeCount);
    this.#globals = new Set(paths.globals);
    this.#steps = new PathSteps(snapshot, paths, this.classes, this.tree);
    this.#entries = new EntryCounts(snapshot, this.classes, this.#globals, content);
    this.#isOwn = ownObjects(snapshot);
    this.#timerName = timerNames(snapshot);
    this.#timersList = this.tree.names.id(TIMERS_LIST);
    this.#timer = this.tree.names.id(TIMER);
    this.#timerLinks = new Set(TIMER_LINKS.map((link) => this.tree.stepKey(link, 'property')));
    this.#reactionName = snapshot.strings.find('system / PromiseReaction');
    this.#nativeContext = snapshot.strings.find(NATIVE_CONTEXT);
    this.#sharedStores = sharedStores(snapshot);
  }

  add(node: number): void {
    const { parent, roles } = this.#paths;
    const size = this.#weights === null ? sizeOf(this.#snapshot, node) : this.#weights.bytes[node]!;
    if (node === 0) {
      this.tree.bytes[0]! += size;
      return;
    }
    const from = parent[node]!;
    const above = this.treeOf[from]!;
    const role = roles[node]!;
    let at = above;
    // The digits of a number are a string to V8.
    const isDigits = role === ROLE.value && roles[from] === ROLE.leaf;
    if (role !== ROLE.leaf && !isDigits) {
      const step = this.#steps.to(node);
      if (role === ROLE.part) at = this.#part(node, above);
      else if (role === ROLE.internal) at = this.#internal(node, from, above);
      else at = this.#value(node, above, step);
    }
    this.treeOf[node] = at;
    this.tree.bytes[at]! += size;
    // The table of a truncated collection has another size as well.
    if (this.#weights !== null && size !== sizeOf(this.#snapshot, node)) this.tree.scaled[at] = 1;
  }

  /** How many objects a node stands for. */
  #weight(node: number): number {
    return this.#weights === null ? 1 : this.#weights.weight[node]!;
  }

  #part(node: number, above: number): number {
    if (this.#snapshot.nodeName[node] === this.#reactionName) this.tree.entries[above]! += this.#weight(node);
    return this.#paths.scopes.isContext[node] === 1 ? this.#scope(node, above) : this.#unheld(node, above);
  }

  /** A context of `node:vm` has its own hidden classes and tables: they are counted with it. */
  #belongsToContext(from: number, above: number): boolean {
    const { roles } = this.#paths;
    if (this.#foreign.has(above)) return true;
    if (roles[from] === ROLE.part) return this.#isContextOfVm(from);
    return roles[from] === ROLE.internal && (this.tree.artefact[above]! & ARTEFACT.v8) === 0;
  }

  #isContextOfVm(node: number): boolean {
    return this.#snapshot.nodeName[node] === this.#nativeContext && this.#paths.roles[node] === ROLE.part;
  }

  #internal(node: number, from: number, above: number): number {
    if (this.#belongsToContext(from, above)) return above;
    const name = this.classes.of(node);
    let at = this.#internals.get(name);
    if (at === undefined) {
      const all = this.tree.child(0, this.#steps.root, this.tree.names.id(INTERNALS), OTHER, ARTEFACT.v8);
      at = this.tree.child(all, this.#steps.internal, this.tree.names.id(name), OTHER, ARTEFACT.v8);
      this.#internals.set(name, at);
    }
    this.tree.count[at]! += this.#weight(node);
    return at;
  }

  #value(node: number, above: number, step: number): number {
    const { id, kind } = this.#classOf(node);
    const at =
      id === this.#timer && this.#timerLinks.has(step)
        ? this.#timerBelow(node, above, step)
        : this.tree.child(this.#isShared(node, step) ? 0 : this.#unheld(node, above), step, id, kind, 0);
    if (this.#foreign.has(above) || this.#isContextOfVm(this.#paths.parent[node]!)) this.#foreign.add(at);
    // Checked once per path: by their names, the members of one path are of one class.
    if (this.tree.count[at] === 0 && this.#isOwn(node)) this.tree.artefact[at]! |= ARTEFACT.own;
    const weight = this.#weight(node);
    this.tree.count[at]! += weight;
    this.tree.entries[at]! += weight * this.#entries.of(node, this.#steps);
    return at;
  }

  /** If many async resources keep it, none of them counts: the path would lead through another one each time. */
  #isShared(node: number, step: number): boolean {
    if (step !== this.#steps.store || this.#sharedStores.size === 0) return false;
    const { parent, roles } = this.#paths;
    let at = node;
    // From the value of a frame up to the frame.
    while (!this.#sharedStores.has(at) && roles[parent[at]!] === ROLE.part) at = parent[at]!;
    return this.#sharedStores.has(at);
  }

  #classOf(node: number): { readonly id: number; readonly kind: number } {
    const key = this.classes.kindKey(node);
    const known = this.#classIds.get(key);
    if (known !== undefined) return known;
    const found = { id: this.tree.names.id(this.classes.of(node)), kind: this.classes.kindOf(node) };
    if (this.classes.isSettled(node)) this.#classIds.set(key, found);
    return found;
  }

  /** A list's timers hang in a chain, entered from both ends: all are members of the list. */
  #timerBelow(node: number, above: number, step: number): number {
    const { className, parent } = this.tree;
    let list = above;
    if (className[list] === this.#timer) list = parent[list]!;
    if (className[list] !== this.#timersList) return this.tree.child(above, step, this.#timer, 0, 0);
    return this.tree.child(list, this.tree.stepKey(this.#timerName(node), 'entry'), this.#timer, 0, 0);
  }

  /** Objects that no strong path leads to are kept apart from those that the root holds. */
  #unheld(node: number, above: number): number {
    const { parent, parentEdge, scopes } = this.#paths;
    const isSeed = parentEdge[node] === -1 && parent[node] === 0;
    if (!isSeed || this.#globals.has(node) || scopes.isContext[node] === 1) return above;
    return this.tree.child(0, this.#steps.root, this.tree.names.id(UNREACHED), OTHER, ARTEFACT.v8);
  }

  /** Variables that exist once hang below their script; others below the closure that holds them. */
  #scope(context: number, above: number): number {
    const { scopes } = this.#paths;
    const script = scopes.script[context]!;
    if (scopes.single[context] !== 1 || script < 0) return above;
    const name = shortScript(this.#snapshot.strings.text(script));
    return this.tree.child(0, this.tree.stepKey(SCOPE, 'root'), this.tree.names.id(name));
  }
}
