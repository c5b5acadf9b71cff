/**
 * Breadth-first search from the GC roots, in tiers, after LeakCanary's PrioritizingShortestPathFinder. First come the
 * roots that a person can name (global object, module variables of the program), then Node's own modules, then this
 * package's, then V8's lists of roots, and V8's internals last, so that paths go through JavaScript wherever JavaScript
 * leads there. Deviation: a tier is finished before the next begins, and nodes of a later tier are not entered, rather
 * than queued.
 */

import { isNodeScript, isOwnScript } from '../../runtime/script-name.js';
import { EDGE, type HeapSnapshot, labelAt, labelType, nameOf } from '../snapshot/heap-snapshot.js';
import { EdgeRule } from './edge-rule.js';
import { nodeRoles, ROLE } from './node-role.js';
import { findScopes, type Scopes, target, targetOf } from './scopes.js';
import { type DeferredEdges, TIER, TieredSearch } from './tiered-search.js';

export const NATIVE_CONTEXT = 'system / NativeContext';

/** V8's lists of roots, the best explanation first; the others follow in the order of the file. */
const ROOT_ORDER = [
  '(Global handles)',
  '(Eternal handles)',
  '(Traced handles)',
  '(Handle scope)',
  '(Stack roots)',
];

export interface ShortestPaths {
  readonly roles: Uint8Array;
  readonly scopes: Scopes;
  readonly rule: EdgeRule;
  /** Nodes in the order they were reached; entry 0 is the root. */
  readonly order: Uint32Array;
  /** NodeOrdinal → the previous NodeOrdinal on its path; −1 means that it is the root or was not reached. */
  readonly parent: Int32Array;
  /** NodeOrdinal → EdgeIndex by which it was reached; −1 means that it was taken as a root or not reached. */
  readonly parentEdge: Int32Array;
  /** Length of the part of `order` that was reached without deferred edges; all of it if none is deferred. */
  readonly certain: number;
  /** The main global object; empty in a heap without one. */
  readonly globals: readonly number[];
}

/**
 * Edges in `deferred` lead only to nodes that nothing else reaches. For those nodes they count as if they had not been
 * deferred, so the paths are the same.
 */
export function shortestPaths(snapshot: HeapSnapshot, deferred: DeferredEdges | null = null): ShortestPaths {
  const roles = nodeRoles(snapshot);
  const scopes = findScopes(snapshot);
  const rule = new EdgeRule(snapshot);
  const globals = mainGlobal(snapshot);
  openContexts(snapshot, roles, globals);
  const search = new TieredSearch(snapshot, rule, tiers(snapshot, roles, scopes), deferred);
  const modules = moduleScopes(snapshot, scopes);
  for (const node of globals) search.seed(node);
  for (const node of modules.program) search.seed(node);
  search.run(TIER.program);
  search.run(TIER.nodeModules);
  for (let edge = snapshot.firstEdge[0]!; edge < snapshot.firstEdge[1]!; edge++) {
    const child = snapshot.edgeTo[edge]!;
    if (roles[child] !== ROLE.root || nameOf(snapshot, child) !== '(GC roots)') search.seed(child, edge);
  }
  search.run(TIER.nodeModules);
  for (const [node, edge] of rootLists(snapshot, roles)) {
    search.seed(node, edge);
    search.run(TIER.nodeModules);
  }
  for (const node of modules.own) search.seed(node);
  search.run(TIER.own);
  search.run(TIER.roots);
  search.run(TIER.internals);
  const certain = search.resume();
  // What no strong edge leads to goes to the end of the order, below the root.
  for (let node = 0; node < snapshot.nodeCount; node++) search.seed(node);
  return {
    roles,
    scopes,
    rule,
    order: search.order.subarray(0, search.count),
    parent: search.parent,
    parentEdge: search.parentEdge,
    certain: deferred === null ? search.count : certain,
    globals,
  };
}

/** NodeOrdinal → the first tier in which the search may enter it from another node. */
function tiers(snapshot: HeapSnapshot, roles: Uint8Array, scopes: Scopes): Uint8Array {
  const result = new Uint8Array(snapshot.nodeCount);
  for (let node = 0; node < snapshot.nodeCount; node++) {
    if (roles[node] === ROLE.internal) result[node] = TIER.internals;
    else if (roles[node] === ROLE.root) result[node] = TIER.roots;
    else if (scopes.isContext[node] === 1 && scopes.script[node]! >= 0) {
      const script = snapshot.strings.text(scopes.script[node]!);
      if (isNodeScript(script)) result[node] = TIER.nodeModules;
      else if (isOwnScript(script)) result[node] = TIER.own;
    }
  }
  return result;
}

/**
 * The program's global object. Each context made by `node:vm` has one too, which belongs to the holder of the context;
 * the main one is recognised by properties that only Node sets.
 */
export function mainGlobal(snapshot: HeapSnapshot): readonly number[] {
  const found: number[] = [];
  for (let edge = snapshot.firstEdge[0]!; edge < snapshot.firstEdge[1]!; edge++) {
    if (labelType(labelAt(snapshot, 0, edge)) !== EDGE.shortcut) continue;
    const node = snapshot.edgeTo[edge]!;
    // Newer V8 points to the native context, older ones to the global object itself.
    const global = nameOf(snapshot, node) === NATIVE_CONTEXT ? target(snapshot, node, 'global_object') : node;
    if (global >= 0) found.push(global);
  }
  const main = found.find((global) => targetOf(snapshot, global, EDGE.property, 'process') >= 0) ?? found[0];
  return main === undefined ? [] : [main];
}

/** The native contexts of `node:vm` are parts of their holders; the main one stays internal to V8. */
function openContexts(snapshot: HeapSnapshot, roles: Uint8Array, globals: readonly number[]): void {
  const wanted = snapshot.strings.find(NATIVE_CONTEXT);
  if (wanted < 0) return;
  const contexts: number[] = [];
  for (let node = 0; node < snapshot.nodeCount; node++) {
    if (snapshot.nodeName[node] === wanted && roles[node] === ROLE.internal) contexts.push(node);
  }
  // Older V8 names the edge to the global object after its slot.
  const isMain = (context: number) =>
    ['global_object', 'extension'].some((edge) => globals.includes(target(snapshot, context, edge)));
  if (!contexts.some(isMain)) return;
  for (const context of contexts) if (!isMain(context)) roles[context] = ROLE.part;
}

interface ModuleScopes {
  readonly program: readonly number[];
  /** Of this package. */
  readonly own: readonly number[];
}

/**
 * The variables and exports of modules that exist once. The program's own come before those of its packages, each in
 * the order of their addresses: an object that two of them lead to must have the same path in every snapshot.
 */
function moduleScopes(snapshot: HeapSnapshot, scopes: Scopes): ModuleScopes {
  const found: { readonly node: number; readonly script: string; readonly rank: number }[] = [];
  const own: number[] = [];
  for (let node = 0; node < snapshot.nodeCount; node++) {
    if (scopes.outermost[node] !== 1 || scopes.single[node] !== 1 || scopes.script[node]! < 0) continue;
    const script = snapshot.strings.text(scopes.script[node]!);
    if (isNodeScript(script)) continue;
    if (isOwnScript(script)) own.push(node);
    else found.push({ node, script, rank: script.includes('node_modules') ? 1 : 0 });
  }
  found.sort(
    (a, b) => a.rank - b.rank || (a.script < b.script ? -1 : a.script > b.script ? 1 : a.node - b.node),
  );
  return { program: found.map(({ node }) => node), own };
}

function rootLists(snapshot: HeapSnapshot, roles: Uint8Array): readonly (readonly [number, number])[] {
  const lists: { node: number; edge: number; rank: number }[] = [];
  for (let edge = snapshot.firstEdge[0]!; edge < snapshot.firstEdge[1]!; edge++) {
    const group = snapshot.edgeTo[edge]!;
    if (roles[group] !== ROLE.root || nameOf(snapshot, group) !== '(GC roots)') continue;
    for (let inner = snapshot.firstEdge[group]!; inner < snapshot.firstEdge[group + 1]!; inner++) {
      const node = snapshot.edgeTo[inner]!;
      const rank = ROOT_ORDER.indexOf(nameOf(snapshot, node));
      lists.push({ node, edge: inner, rank: rank < 0 ? ROOT_ORDER.length : rank });
    }
  }
  lists.sort((a, b) => a.rank - b.rank);
  return lists.map(({ node, edge }) => [node, edge]);
}
