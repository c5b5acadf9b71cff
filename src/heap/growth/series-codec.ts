/** `series` as bytes: deflated JSON, strings by number, only what is needed to go on. Bounded in both directions. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ClassGrowth } from './class-growth.js';
import { type GrowthSeries, growthOf, MAX_STEPS, type SeriesNode } from './growth-series.js';
import { EDGE_KINDS, Names, NODE_KINDS } from './path-tree.js';

export const MAX_SERIES_BYTES = 1_000_000;
const MAX_INFLATED_BYTES = 24 << 20;
const MAX_BYTES_A_CHARACTER = 3;
/** Of nodes, and of classes: more than a path tree has. */
const MAX_ROWS = 250_000;
/** Goes up with every change of the rows; a series of another version is not read, a new one begins. */
const FORMAT = 'leakwatch-series-3';
const NONE = -1;
/** Lines and columns of a snapshot have 32 bits and begin with 0. */
const MAX_COORDINATE = 2 ** 32;

export interface EncodedSeries {
  readonly bytes: Uint8Array;
  /** Nodes given up so that it fits, a count. */
  readonly dropped: number;
}

/**
 * Above MAX_SERIES_BYTES the smallest nodes that never grew go first, a quarter of all at a time, then the smallest; with
 * each quarter of them the quarter of the classes that grew least. What is left in the end is small: the root has no text.
 */
export function encodeSeries(series: GrowthSeries): EncodedSeries {
  let fitting = series;
  for (;;) {
    const text = JSON.stringify(toWire(fitting));
    const bytes = deflateRawSync(text);
    const fits =
      bytes.length <= MAX_SERIES_BYTES && text.length * MAX_BYTES_A_CHARACTER <= MAX_INFLATED_BYTES;
    const isSmallest = fitting.nodes.length <= 1 && fitting.classes.length === 0;
    if (fits || isSmallest) {
      return { bytes, dropped: series.nodes.length - fitting.nodes.length };
    }
    fitting = withoutSmallest(fitting);
  }
}

/** Null when the bytes are not a series of this format. */
export function decodeSeries(bytes: Uint8Array): GrowthSeries | null {
  try {
    const text = inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8');
    return fromWire(JSON.parse(text));
  } catch {
    return null;
  }
}

function withoutSmallest(series: GrowthSeries): GrowthSeries {
  const leaves = new Set(series.nodes.keys());
  for (const node of series.nodes) leaves.delete(node.parent);
  const size = (row: number) => series.nodes[row]!.bytes.at(-1) ?? 0;
  const grew = (row: number) => {
    const { counts, entries } = series.nodes[row]!;
    return growthOf(counts) > 0 || growthOf(entries) > 0 ? 1 : 0;
  };
  const victims = new Set(
    [...leaves]
      .filter((row) => row > 0)
      .sort((a, b) => grew(a) - grew(b) || size(a) - size(b))
      .slice(0, Math.ceil(series.nodes.length / 4)),
  );
  const cut = new Set([...victims].map((row) => series.nodes[row]!.parent));
  const rowOf = new Map<number, number>([[-1, -1]]);
  const nodes: SeriesNode[] = [];
  for (const [row, node] of series.nodes.entries()) {
    if (victims.has(row)) continue;
    rowOf.set(row, nodes.length);
    nodes.push({ ...node, parent: rowOf.get(node.parent) ?? 0, cut: node.cut || cut.has(row) });
  }
  return { ...series, nodes, classes: series.classes.slice(0, Math.floor(series.classes.length * 0.75)) };
}

function toWire({ times, heapBytes, classes, nodes }: GrowthSeries): unknown {
  const names = new Names();
  return {
    format: FORMAT,
    times,
    heapBytes,
    classes: classes.map(({ className, shape, location, counts, bytes }) => [
      names.id(className),
      shape === null ? NONE : names.id(shape),
      location === null ? NONE : names.id(location.script),
      location?.line ?? 0,
      location?.column ?? 0,
      deltas(counts),
      deltas(bytes),
    ]),
    nodes: nodes.map((node) => [
      node.parent,
      names.id(node.edge),
      node.edgeKind,
      names.id(node.className),
      node.nodeKind,
      node.artefact * 4 + (node.scaled ? 2 : 0) + (node.cut ? 1 : 0),
      deltas(node.counts),
      deltas(node.bytes),
      deltas(node.entries),
    ]),
    names: names.texts,
  };
}

/** Most figures do not change between snapshots: zeros compress to nothing. */
function deltas(values: readonly number[]): number[] {
  return values.map((value, index) => value - (values[index - 1] ?? 0));
}

function check(isRight: boolean): asserts isRight {
  if (!isRight) throw new Error('not a series');
}

function fromWire(wire: unknown): GrowthSeries {
  const { format, times, heapBytes, classes, nodes, names } = wire as Record<string, unknown>;
  check(format === FORMAT && Array.isArray(names) && Array.isArray(classes) && Array.isArray(nodes));
  const steps = numbers(times).length;
  check(steps > 0 && steps <= MAX_STEPS && nodes.length > 0);
  check(nodes.length <= MAX_ROWS && classes.length <= MAX_ROWS);
  const text = (index: unknown): string => {
    const name: unknown = names[integer(index, 0, names.length - 1)];
    check(typeof name === 'string');
    return name;
  };
  return {
    times: numbers(times),
    heapBytes: numbers(heapBytes, steps),
    classes: classes.map((row: unknown) => classFromWire(row, text, steps)),
    nodes: nodes.map((row: unknown, index) => {
      const [parent, edge, edgeKind, className, nodeKind, flags, counts, bytes, entries] =
        row as readonly unknown[];
      const bits = integer(flags, 0, 15);
      return {
        parent: index === 0 ? integer(parent, -1, -1) : integer(parent, 0, index - 1),
        edge: text(edge),
        edgeKind: integer(edgeKind, 0, EDGE_KINDS.length - 1),
        className: text(className),
        nodeKind: integer(nodeKind, 0, NODE_KINDS.length - 1),
        artefact: bits >> 2,
        scaled: (bits & 2) !== 0,
        cut: (bits & 1) !== 0,
        counts: sums(counts, steps),
        bytes: sums(bytes, steps),
        entries: sums(entries, steps),
      };
    }),
  };
}

const place = (value: unknown): number => integer(value, 1, MAX_COORDINATE);

function classFromWire(row: unknown, text: (index: unknown) => string, steps: number): ClassGrowth {
  const [name, shape, script, line, column, counts, bytes] = row as readonly unknown[];
  return {
    className: text(name),
    shape: shape === NONE ? null : text(shape),
    location: script === NONE ? null : { script: text(script), line: place(line), column: place(column) },
    counts: sums(counts, steps),
    bytes: sums(bytes, steps),
  };
}

function integer(value: unknown, low: number, high: number): number {
  check(typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high);
  return value;
}

function numbers(value: unknown, length?: number): readonly number[] {
  check(Array.isArray(value) && value.every(Number.isFinite));
  check(length === undefined || value.length === length);
  return value;
}

function sums(value: unknown, length: number): readonly number[] {
  let sum = 0;
  return numbers(value, length).map((delta) => {
    sum += delta;
    return sum;
  });
}
