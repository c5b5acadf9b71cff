/**
 * Walks a suspect's path through the graph itself, forward from the root, without the search and the tree that found it:
 * only what a node is (a part of V8's, a context, a class) and which edges retain is taken from the engine.
 */
import { EdgeRule } from '../../src/heap/graph/edge-rule.js';
import { nodeRoles, ROLE } from '../../src/heap/graph/node-role.js';
import { findScopes, type Scopes, target } from '../../src/heap/graph/scopes.js';
import { ClassNames } from '../../src/heap/growth/class-names.js';
import type { RetainerStep } from '../../src/heap/naming/retainer-step.js';
import {
  EDGE_TYPES,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
} from '../../src/heap/snapshot/heap-snapshot.js';
import { shortScript } from '../../src/runtime/script-name.js';

/** First edges by which an object leads to its entries. */
const TO_ENTRIES =
  /^(element \d+|internal (table|elements|properties|reactions_or_result)|property .*|property <symbol k.*)$/;

export class GraphWalker {
  readonly #snapshot: HeapSnapshot;
  readonly #roles: Uint8Array;
  readonly #rule: EdgeRule;
  readonly #scopes: Scopes;
  readonly #classes: ClassNames;

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
    this.#roles = nodeRoles(snapshot);
    this.#rule = new EdgeRule(snapshot);
    this.#scopes = findScopes(snapshot);
    this.#classes = new ClassNames(snapshot, this.#globals());
  }

  /** The steps that lead somewhere, as text; a true path walks all of them. */
  walk(path: readonly RetainerStep[]): readonly string[] {
    const walked: string[] = [];
    let at: ReadonlySet<number> = new Set([0]);
    for (const step of path) {
      // Numbers are no objects: what holds them was reached.
      at = step.node === 'number' ? at : step === path[0] ? this.#begin(step) : this.#next(at, step);
      if (at.size === 0) break;
      walked.push(`${step.edge}: ${step.node}`);
    }
    return walked;
  }

  #globals(): readonly number[] {
    return [...this.#edges(0)].map(({ to }) => {
      const global = target(this.#snapshot, to, 'global_object');
      return global < 0 ? to : global;
    });
  }

  #begin(step: RetainerStep): ReadonlySet<number> {
    const { nodeCount, strings, nodeName } = this.#snapshot;
    const { isContext, script } = this.#scopes;
    const found = new Set<number>();
    if (step.node === 'globalThis') for (const node of this.#globals()) found.add(node);
    for (let node = 0; node < nodeCount; node++) {
      if (step.edge === 'module scope') {
        const known = isContext[node] === 1 && script[node]! >= 0;
        if (known && shortScript(strings.text(script[node]!)) === step.node) found.add(node);
      } else if (step.edge === '' && strings.text(nodeName[node]!) === step.node) found.add(node);
    }
    return found;
  }

  /** All objects of the step's class that its edge leads to, through any number of V8's parts. */
  #next(from: ReadonlySet<number>, step: RetainerStep): ReadonlySet<number> {
    const found = new Set<number>();
    const seen = new Set<number>(from);
    const queue = [...from].map((node) => ({ node, fits: false }));
    for (let head = 0; head < queue.length; head++) {
      const { node, fits } = queue[head]!;
      for (const { edge, text, to } of this.#edges(node)) {
        const passes = fits || this.#begins(step, node, text);
        const isVariable = step.edgeType === 'variable' && this.#names(step, node, edge, text);
        const role = this.#roles[to];
        // What a variable or a scope is to a closure lies beyond its context.
        const isBeyond = step.edgeType === 'variable' || step.edge === '(scope)';
        if (role === ROLE.part && (passes || isBeyond) && !seen.has(to)) {
          seen.add(to);
          queue.push({ node: to, fits: passes || isVariable });
        } else if (role === ROLE.value && (passes || isVariable) && this.#classes.of(to) === step.node) {
          found.add(to);
        } else if (role === ROLE.value && /^property _idle(Next|Prev)$/.test(text) && !seen.has(to)) {
          // The timers of a list hang in a chain.
          seen.add(to);
          if (step.edge.startsWith('timers of ')) queue.push({ node: to, fits: false });
        }
      }
    }
    return found;
  }

  #begins({ edge, edgeType }: RetainerStep, node: number, text: string): boolean {
    if (edge.startsWith('timers of ')) return /^property _idle(Next|Prev)$/.test(text);
    if (edge === 'async store')
      return (
        /^property <symbol k(ResourceStore|AsyncContextFrame)>$/.test(text) || this.#roles[node] === ROLE.root
      );
    if (edgeType === 'property') return text === `property ${edge}`;
    if (edgeType === 'element' || edgeType === 'entry') return TO_ENTRIES.test(text);
    if (edgeType === 'root') return true;
    if (edgeType === 'variable') return false;
    if (edge === '(scope)') return this.#scopes.isContext[node] === 1 && !text.startsWith('context ');
    return (
      text === `internal ${edge}` || text.includes(' -> value ') || edge.startsWith('(') || edge === 'result'
    );
  }

  /** A variable's name stands on the edge from its context, or before its cell in a module's table of exports. */
  #names({ edge: name }: RetainerStep, node: number, edge: number, text: string): boolean {
    if (text === `context ${name}`) return true;
    const { firstEdge, edgeTo, nodeName, strings } = this.#snapshot;
    return edge > firstEdge[node]! && strings.text(nodeName[edgeTo[edge - 1]!]!) === name;
  }

  *#edges(node: number): Generator<{ readonly edge: number; readonly text: string; readonly to: number }> {
    const { firstEdge, edgeTo, strings } = this.#snapshot;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      if (!this.#rule.retains(node, edge)) continue;
      const label = labelAt(this.#snapshot, node, edge);
      const type = EDGE_TYPES[labelType(label)] ?? '';
      const numbered = type === 'element' || type === 'hidden';
      yield {
        edge,
        text: `${type} ${numbered ? labelName(label) : strings.text(labelName(label))}`,
        to: edgeTo[edge]!,
      };
    }
  }
}
