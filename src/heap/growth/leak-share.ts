/**
 * LeakShare: how much memory each of several growing roots keeps. J. Vilk and E. D. Berger, "BLeak: Automatically
 * Debugging Memory Leaks in Web Applications", PLDI 2018, ranking of leak roots: what is reachable without any leak root
 * belongs to none; of the rest, each object's size is split equally among the leak roots that reach it.
 * Deviations:
 * - which roots reach an object is kept as a bit mask rather than a count, so that what one root alone reaches is known
 *   as well: a lower bound of what fixing this one leak frees;
 * - the stack has a fixed size. What finds no room there is marked as pending and found by going over the column again,
 *   as garbage collectors do when their mark stack overflows.
 */
import { LABEL_RULE, retains } from '../graph/label-rules.js';
import { type HeapSnapshot, sizeOf } from '../snapshot/heap-snapshot.js';

/** Growing roots that fit into the masks; the analysis reports no more than twenty. */
export const MAX_LEAK_ROOTS = 30;
/** Marked, but its edges were not followed yet. */
const PENDING = 2 ** 30;
/** Reachable without any growing root. */
const NOT_LEAKED = 2 ** 31;
const ROOT_BITS = 2 ** MAX_LEAK_ROOTS - 1;
const STACK_NODES = 1 << 16;

export interface LeakShares {
  /** Root → bytes of all it reaches and nothing outside of the growing roots does; shared ones split equally. */
  readonly shareBytes: Float64Array;
  /** Root → bytes that it alone reaches. */
  readonly exclusiveBytes: Float64Array;
  /** Root → the part of `shareBytes` that is V8's own. */
  readonly internalBytes: Float64Array;
}

/**
 * `roots`: the objects of each growing path, its members (or its holders), as NodeOrdinals; at most MAX_LEAK_ROOTS, more
 * are a RangeError. `rules`: see `labelRules`. `bytes`: NodeOrdinal → what counts as its size, null means
 * its own. `stackNodes`: nodes that wait at a time, 4 bytes each. `isInternal`: whether a node is V8's
 * own. Takes 4 bytes a node.
 */
export function leakShares(
  snapshot: HeapSnapshot,
  rules: Uint8Array,
  roots: readonly Iterable<number>[],
  bytes: Float64Array | null = null,
  stackNodes = STACK_NODES,
  isInternal: (node: number) => boolean = () => false,
): LeakShares {
  if (roots.length > MAX_LEAK_ROOTS)
    throw new RangeError(`there are more than ${MAX_LEAK_ROOTS} growing roots`);
  const marking = new Marking(snapshot, rules, stackNodes);
  // Members carry their root's bit from the start, which is what keeps the first marking out of them.
  for (const [root, nodes] of roots.entries()) for (const node of nodes) marking.set(node, 2 ** root);
  marking.markNotLeaked();
  for (const [root, nodes] of roots.entries()) marking.markFrom(nodes, 2 ** root);
  return shares(snapshot, marking.masks, roots.length, bytes, isInternal);
}

class Marking {
  /** NodeOrdinal → bits of the roots that reach it, PENDING, NOT_LEAKED. */
  readonly masks: Uint32Array;
  readonly #snapshot: HeapSnapshot;
  readonly #rules: Uint8Array;
  readonly #stack: Uint32Array;
  #depth = 0;
  #overflown = false;
  /** Nodes below it were looked through for pending ones in this round. */
  #cursor = Number.POSITIVE_INFINITY;

  constructor(snapshot: HeapSnapshot, rules: Uint8Array, stackNodes: number) {
    this.#snapshot = snapshot;
    this.#rules = rules;
    this.masks = new Uint32Array(snapshot.nodeCount);
    this.#stack = new Uint32Array(Math.max(1, stackNodes));
  }

  set(node: number, bit: number): void {
    this.masks[node]! |= bit;
  }

  /** Members of growing roots are marked already and not entered; whatever else the heap's root reaches is not leaked. */
  markNotLeaked(): void {
    if (this.masks[0] === 0) this.#push(0, NOT_LEAKED);
    this.#run(NOT_LEAKED, 0xffff_ffff);
  }

  /** `bit` for all these nodes reach that is leaked. */
  markFrom(nodes: Iterable<number>, bit: number): void {
    for (const node of nodes) {
      this.#push(node, bit);
      // A node at a time: a growing path may have a million members, the stack has not.
      this.#run(bit, (bit | NOT_LEAKED) >>> 0);
    }
  }

  #push(node: number, bit: number): void {
    this.masks[node]! |= bit;
    if (this.#depth < this.#stack.length) this.#stack[this.#depth++] = node;
    else {
      this.masks[node]! |= PENDING;
      this.#overflown = true;
    }
  }

  /** Follows the edges of what is on the stack, entering nodes that have none of the `closed` bits. */
  #run(bit: number, closed: number): void {
    const { nodeCount, firstEdge, firstLabel, edgeTo } = this.#snapshot;
    const rules = this.#rules;
    const { masks } = this;
    for (;;) {
      while (this.#depth > 0) {
        const node = this.#stack[--this.#depth]!;
        const shift = firstLabel[node]! - firstEdge[node]!;
        for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
          const to = edgeTo[edge]!;
          if ((masks[to]! & closed) !== 0) continue;
          const rule = rules[edge + shift]!;
          if (rule === LABEL_RULE.always || retains(rule, node, this.#snapshot)) this.#push(to, bit);
        }
      }
      // Goes on where it stopped; what was marked below it is found in the next round.
      for (; this.#cursor < nodeCount && this.#depth < this.#stack.length; this.#cursor++) {
        if ((masks[this.#cursor]! & PENDING) === 0) continue;
        masks[this.#cursor]! &= ~PENDING;
        this.#stack[this.#depth++] = this.#cursor;
      }
      if (this.#depth > 0) continue;
      if (!this.#overflown) return;
      this.#overflown = false;
      this.#cursor = 0;
    }
  }
}

function shares(
  snapshot: HeapSnapshot,
  masks: Uint32Array,
  roots: number,
  bytes: Float64Array | null,
  isInternal: (node: number) => boolean,
): LeakShares {
  const shareBytes = new Float64Array(roots);
  const exclusiveBytes = new Float64Array(roots);
  const internalBytes = new Float64Array(roots);
  for (let node = 0; node < masks.length; node++) {
    const mask = masks[node]!;
    if (mask === 0 || mask >= NOT_LEAKED) continue;
    const size = bytes === null ? sizeOf(snapshot, node) : bytes[node]!;
    const reachedBy = bitCount(mask & ROOT_BITS);
    const internal = isInternal(node);
    for (let bits = mask & ROOT_BITS; bits !== 0; bits &= bits - 1) {
      const root = 31 - Math.clz32(bits & -bits);
      shareBytes[root]! += size / reachedBy;
      if (reachedBy === 1) exclusiveBytes[root]! += size;
      if (internal) internalBytes[root]! += size / reachedBy;
    }
  }
  return { shareBytes, exclusiveBytes, internalBytes };
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
