import { EDGE_TYPES, NODE_TYPES } from './heap-snapshot.js';
import { snapshotError } from './snapshot-error.js';

/** Positions of the fields in this file's records; read from `snapshot.meta`, never assumed. */
export interface SnapshotMeta {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly nodeFields: number;
  readonly node: {
    readonly type: number;
    readonly name: number;
    readonly selfSize: number;
    readonly edgeCount: number;
    /** −1 means the file has no ids. */
    readonly id: number;
  };
  readonly edgeFields: number;
  readonly edge: { readonly type: number; readonly name: number; readonly to: number };
  readonly locationFields: number;
  /** Null if the file has no locations, or has them in an unknown form. */
  readonly location: {
    readonly object: number;
    readonly scriptId: number;
    readonly line: number;
    readonly column: number;
  } | null;
  /** The file's type number → index into NODE_TYPES. */
  readonly nodeTypes: readonly number[];
  /** The file's type number → index into EDGE_TYPES. */
  readonly edgeTypes: readonly number[];
}

const MAX_FIELDS = 32;

export function parseMeta(json: string, byteOffset: number): SnapshotMeta {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    throw snapshotError(byteOffset, 'the header is not JSON');
  }
  const meta = member(header, 'meta');
  const nodeFields = strings(member(meta, 'node_fields'), 'node_fields', byteOffset);
  const edgeFields = strings(member(meta, 'edge_fields'), 'edge_fields', byteOffset);
  const at = (fields: readonly string[], name: string): number => {
    const index = fields.indexOf(name);
    if (index < 0) throw snapshotError(byteOffset, `the header lists no field ${name}`);
    return index;
  };
  // A type of a newer V8 becomes `hidden`: it stays in the graph, but is never named.
  const types = (key: string, known: readonly string[]): readonly number[] => {
    const table = member(meta, key);
    const names = strings(Array.isArray(table) ? table[0] : undefined, key, byteOffset);
    return names.map((name) => known.indexOf(known.includes(name) ? name : 'hidden'));
  };
  return {
    nodeCount: count(member(header, 'node_count'), 'node_count', byteOffset),
    edgeCount: count(member(header, 'edge_count'), 'edge_count', byteOffset),
    nodeFields: nodeFields.length,
    node: {
      type: at(nodeFields, 'type'),
      name: at(nodeFields, 'name'),
      selfSize: at(nodeFields, 'self_size'),
      edgeCount: at(nodeFields, 'edge_count'),
      id: nodeFields.indexOf('id'),
    },
    edgeFields: edgeFields.length,
    edge: {
      type: at(edgeFields, 'type'),
      name: at(edgeFields, 'name_or_index'),
      to: at(edgeFields, 'to_node'),
    },
    ...locationMeta(member(meta, 'location_fields')),
    nodeTypes: types('node_types', NODE_TYPES),
    edgeTypes: types('edge_types', EDGE_TYPES),
  };
}

function locationMeta(value: unknown): Pick<SnapshotMeta, 'locationFields' | 'location'> {
  const fields: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_FIELDS) : [];
  const [object, scriptId, line, column] = ['object_index', 'script_id', 'line', 'column'].map((name) =>
    fields.indexOf(name),
  ) as [number, number, number, number];
  const known = Math.min(object, scriptId, line, column) >= 0;
  return { locationFields: fields.length, location: known ? { object, scriptId, line, column } : null };
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function strings(value: unknown, what: string, byteOffset: number): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_FIELDS) {
    throw snapshotError(byteOffset, `the header's ${what} is not a list of 1 to ${MAX_FIELDS} names`);
  }
  if (!value.every((name) => typeof name === 'string')) {
    throw snapshotError(byteOffset, `the header's ${what} holds something other than names`);
  }
  return value;
}

function count(value: unknown, what: string, byteOffset: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_fffe) {
    throw snapshotError(byteOffset, `the header's ${what} is not a count`);
  }
  return value;
}
