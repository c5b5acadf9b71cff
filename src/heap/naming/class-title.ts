import { memo } from '../../runtime/memo.js';
import { targetOf } from '../graph/scopes.js';
import { EDGE, type HeapSnapshot, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';

/** A minified name. */
const SHORT = /^[\p{ID_Start}$_][\p{ID_Continue}$]?$/u;
/** Names that lead to every class. */
const NO_NAME = new Set(['constructor', 'default', 'module.exports', '__proto__', 'prototype']);

export const isShortName = (name: string): boolean => SHORT.test(name);

/** The names under which minified classes are exported: people write these, and no minifier changes them. */
export class ClassTitles {
  readonly #snapshot: HeapSnapshot;
  readonly #nameOf = memo((made: number) => this.#longestName(made));

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
  }

  /** Null if its class has no other name. */
  of(object: number): string | null {
    const prototype = targetOf(this.#snapshot, object, EDGE.property, '__proto__');
    const made = targetOf(this.#snapshot, prototype, EDGE.property, 'constructor');
    if (made < 0 || this.#snapshot.nodeType[made] !== NODE.closure) return null;
    return this.#nameOf(made) || null;
  }

  /** Of those that lead to a constructor. Scans all edges, so it is called for a few classes only. */
  #longestName(made: number): string {
    const { nodeCount, firstEdge, edgeTo, strings } = this.#snapshot;
    const cells = new Set<number>();
    const names = new Set<string>();
    for (let node = 0; node < nodeCount; node++) {
      for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
        if (edgeTo[edge] !== made) continue;
        const label = labelAt(this.#snapshot, node, edge);
        const type = labelType(label);
        if (type === EDGE.property || type === EDGE.context) names.add(strings.text(labelName(label)));
        else cells.add(node);
      }
    }
    for (const name of this.#exportedAs(cells)) names.add(name);
    const usable = [...names].filter(
      (name) => !NO_NAME.has(name) && !isShortName(name) && /^[\w$]+$/.test(name),
    );
    return usable.sort((a, b) => b.length - a.length || (a < b ? -1 : 1))[0] ?? '';
  }

  /** A module's table has an export's name in the slot before the cell that holds its value. */
  #exportedAs(cells: ReadonlySet<number>): readonly string[] {
    const { nodeCount, firstEdge, edgeTo, nodeType, nodeName, strings } = this.#snapshot;
    const found: string[] = [];
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] !== NODE.array) continue;
      for (let edge = firstEdge[node]! + 1; edge < firstEdge[node + 1]!; edge++) {
        if (!cells.has(edgeTo[edge]!)) continue;
        const name = edgeTo[edge - 1]!;
        if (nodeType[name] === NODE.string) found.push(strings.text(nodeName[name]!));
      }
    }
    return found;
  }
}
