/**
 * The `.heapsnapshot` format: one JSON object with `snapshot` (the header), `nodes`, `edges`, then sections that are
 * skipped here, and last `strings`, in this order. Node 20 to 26 differ in the fields of a node and in the header.
 * Invariants: the bytes are read once, in chunks of any size; only columns and kept names outlive a chunk.
 */
import { EdgeColumns } from './edge-columns.js';
import type { HeapSnapshot } from './heap-snapshot.js';
import { LocationColumns } from './location-columns.js';
import { NodeColumns } from './node-columns.js';
import { NumberSection } from './number-section.js';
import { RawValue } from './raw-value.js';
import { takeMarks } from './sampled-marks.js';
import { BYTE, isSpace, type SectionReader } from './section-reader.js';
import { snapshotError } from './snapshot-error.js';
import { parseMeta, type SnapshotMeta } from './snapshot-meta.js';
import { StringSection } from './string-section.js';
import { wantedNames } from './wanted-names.js';

const MAX_HEADER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 64;
const SPARE_STRINGS = 1 << 20;

type State = 'open' | 'first-key' | 'key' | 'in-key' | 'colon' | 'value' | 'comma' | 'closed';

export interface ParseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Keep V8's ids of the nodes, four bytes each. */
  readonly ids?: boolean;
  /** Called once the counts are known, before memory is allocated for them; an exception ends the parsing. */
  readonly onCounts?: (nodes: number, edges: number) => void;
  /** Called after each chunk with the bytes read so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Reads a snapshot to its end. Throws LEAKWATCH_ERR_SNAPSHOT_FORMAT with the byte offset, or the signal's reason. */
export async function parseSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  options: ParseOptions = {},
): Promise<HeapSnapshot> {
  const parser = new SnapshotParser(options);
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    const bytes = parser.push(chunk);
    options.onBytes?.(bytes);
  }
  options.signal?.throwIfAborted();
  return parser.finish();
}

class SnapshotParser {
  readonly #options: ParseOptions;
  #state: State = 'open';
  #offset = 0;
  #key = '';
  #reader: SectionReader | null = null;
  readonly #seen = new Set<string>();
  #meta: SnapshotMeta | null = null;
  #nodes: NodeColumns | null = null;
  #edges: EdgeColumns | null = null;
  #locations: LocationColumns | null = null;
  #graph: Omit<HeapSnapshot, 'strings' | 'sampled'> | null = null;
  #strings: StringSection | null = null;

  constructor(options: ParseOptions) {
    this.#options = options;
  }

  /** Returns the number of bytes read so far. */
  push(chunk: Uint8Array): number {
    let pos = 0;
    while (pos < chunk.length) {
      if (this.#reader !== null) {
        pos = this.#reader.consume(chunk, pos, this.#offset);
        if (this.#reader.done) this.#endSection(this.#offset + pos);
      } else if (this.#state === 'value') {
        if (isSpace(chunk[pos]!)) pos++;
        else this.#reader = this.#openSection(this.#offset + pos);
      } else {
        this.#structure(chunk[pos]!, this.#offset + pos);
        pos++;
      }
    }
    this.#offset += chunk.length;
    return this.#offset;
  }

  finish(): HeapSnapshot {
    if (this.#state !== 'closed') throw snapshotError(this.#offset, 'it ends too early');
    if (this.#graph === null || this.#strings === null)
      throw snapshotError(this.#offset, 'a section is missing');
    const snapshot = { ...this.#graph, strings: this.#strings.table };
    return { ...snapshot, sampled: takeMarks(snapshot, this.#strings.ratios) };
  }

  #structure(byte: number, at: number): void {
    if (this.#state === 'in-key') {
      if (byte === BYTE.quote) this.#state = 'colon';
      else if (this.#key.length === MAX_KEY_BYTES)
        throw snapshotError(at, 'the name of a section is too long');
      else this.#key += String.fromCharCode(byte);
      return;
    }
    if (isSpace(byte)) return;
    if (this.#state === 'open' && byte === BYTE.openBrace) this.#state = 'first-key';
    else if ((this.#state === 'first-key' || this.#state === 'key') && byte === BYTE.quote) {
      this.#key = '';
      this.#state = 'in-key';
    } else if (this.#state === 'colon' && byte === BYTE.colon) this.#state = 'value';
    else if (this.#state === 'comma' && byte === BYTE.comma) this.#state = 'key';
    else if ((this.#state === 'comma' || this.#state === 'first-key') && byte === BYTE.closeBrace)
      this.#state = 'closed';
    else throw snapshotError(at, 'it is not the JSON of a heap snapshot');
  }

  #openSection(at: number): SectionReader {
    const key = this.#key;
    if (this.#seen.has(key)) throw snapshotError(at, `the section ${JSON.stringify(key)} comes twice`);
    if (this.#seen.size === MAX_KEY_BYTES) throw snapshotError(at, 'there are too many sections');
    this.#seen.add(key);
    if (key === 'snapshot') return new RawValue(MAX_HEADER_BYTES);
    if (key === 'nodes') {
      if (this.#meta === null) throw snapshotError(at, 'nodes come before the header');
      this.#nodes = new NodeColumns(this.#meta, this.#options.ids === true);
      return new NumberSection('nodes', this.#meta.nodeFields, this.#nodes);
    }
    if (key === 'edges') {
      if (this.#meta === null || this.#nodes === null) throw snapshotError(at, 'edges come before the nodes');
      this.#edges = new EdgeColumns(this.#meta, this.#nodes.firstEdge.finish());
      return new NumberSection('edges', this.#meta.edgeFields, this.#edges);
    }
    if (key === 'locations' && this.#meta !== null && this.#meta.location !== null) {
      if (this.#edges === null) throw snapshotError(at, 'locations come before the edges');
      this.#locations = new LocationColumns(this.#meta);
      return new NumberSection('locations', this.#meta.locationFields, this.#locations);
    }
    if (key === 'strings') {
      this.#graph = this.#joinColumns(at);
      this.#strings = new StringSection(wantedNames(this.#graph, this.#largestName + 1));
      return this.#strings;
    }
    return new RawValue(0);
  }

  #endSection(at: number): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#state = 'comma';
    if (this.#key === 'snapshot' && reader instanceof RawValue) {
      this.#meta = parseMeta(reader.text(), at);
      this.#options.onCounts?.(this.#meta.nodeCount, this.#meta.edgeCount);
    } else if (this.#key === 'nodes') this.#nodes?.end(at);
    else if (this.#key === 'edges') this.#edges?.end(at);
    else if (this.#key === 'strings' && this.#largestName >= (this.#strings?.table.length ?? 0))
      throw snapshotError(at, 'a name lies outside the string table');
  }

  get #largestName(): number {
    return Math.max(this.#nodes?.largestName ?? 0, this.#edges?.largestName ?? 0);
  }

  #joinColumns(at: number): Omit<HeapSnapshot, 'strings' | 'sampled'> {
    const nodes = this.#nodes;
    const edges = this.#edges;
    if (this.#meta === null || nodes === null || edges === null)
      throw snapshotError(at, 'strings come before the edges');
    const { nodeCount, edgeCount } = this.#meta;
    // A table has about one string per name; a name far beyond that would only make us allocate memory.
    if (this.#largestName > 2 * (nodeCount + edgeCount) + SPARE_STRINGS)
      throw snapshotError(at, 'a name lies outside the string table');
    const locations = this.#locations ?? new LocationColumns(this.#meta);
    return {
      nodeCount,
      edgeCount,
      nodeType: nodes.type.finish(),
      nodeName: nodes.name.finish(),
      selfSize: nodes.selfSize.finish(),
      hugeSizes: nodes.hugeSizes,
      nodeId: nodes.id?.finish() ?? null,
      nodeLocation: locations.ofNode,
      locations: locations.locations,
      firstEdge: nodes.firstEdge.finish(),
      firstLabel: edges.firstLabel.finish(),
      edgeTo: edges.to.finish(),
      labels: edges.lists.items.finish(),
    };
  }
}
