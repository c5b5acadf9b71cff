/**
 * The `.heapsnapshot` format: one JSON object with, in this order, `snapshot` (header), `nodes`, `edges`, then sections
 * that are skipped here, and last `strings`. Node 20 to 26 differ in the fields of a node and in the header.
 * Invariants: the bytes are read once, in chunks of any size; nothing but columns and kept names outlives a chunk.
 */
import { GraphColumns } from './graph-columns.js';
import type { HeapSnapshot } from './heap-snapshot.js';
import { NumberSection } from './number-section.js';
import { RawValue } from './raw-value.js';
import {
  CLOSE_BRACE,
  COLON,
  COMMA,
  isSpace,
  OPEN_BRACE,
  QUOTE,
  type SectionReader,
} from './section-reader.js';
import { snapshotError } from './snapshot-error.js';
import { parseMeta, type SnapshotMeta } from './snapshot-meta.js';
import { StringSection } from './string-section.js';
import { wantedNames } from './wanted-names.js';

const MAX_HEADER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 64;

type State = 'open' | 'first-key' | 'key' | 'in-key' | 'colon' | 'value' | 'comma' | 'closed';

/** Reads a snapshot to its end. Throws LEAKWATCH_ERR_SNAPSHOT_FORMAT with the byte offset, or the signal's reason. */
export async function parseSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<HeapSnapshot> {
  const parser = new SnapshotParser();
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    parser.push(chunk);
  }
  signal?.throwIfAborted();
  return parser.finish();
}

class SnapshotParser {
  #state: State = 'open';
  #offset = 0;
  #key = '';
  #reader: SectionReader | null = null;
  readonly #seen = new Set<string>();
  #meta: SnapshotMeta | null = null;
  #columns: GraphColumns | null = null;
  #graph: Omit<HeapSnapshot, 'strings'> | null = null;
  #strings: StringSection | null = null;

  push(chunk: Uint8Array): void {
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
  }

  finish(): HeapSnapshot {
    if (this.#state !== 'closed') throw snapshotError(this.#offset, 'it ends too early');
    if (this.#graph === null || this.#strings === null)
      throw snapshotError(this.#offset, 'a section is missing');
    return { ...this.#graph, strings: this.#strings.table };
  }

  #structure(byte: number, at: number): void {
    if (this.#state === 'in-key') {
      if (byte === QUOTE) this.#state = 'colon';
      else if (this.#key.length === MAX_KEY_BYTES)
        throw snapshotError(at, 'the name of a section is too long');
      else this.#key += String.fromCharCode(byte);
      return;
    }
    if (isSpace(byte)) return;
    if (this.#state === 'open' && byte === OPEN_BRACE) this.#state = 'first-key';
    else if ((this.#state === 'first-key' || this.#state === 'key') && byte === QUOTE) {
      this.#key = '';
      this.#state = 'in-key';
    } else if (this.#state === 'colon' && byte === COLON) this.#state = 'value';
    else if (this.#state === 'comma' && byte === COMMA) this.#state = 'key';
    else if ((this.#state === 'comma' || this.#state === 'first-key') && byte === CLOSE_BRACE)
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
      const columns = new GraphColumns(this.#meta);
      this.#columns = columns;
      return new NumberSection('nodes', this.#meta.nodeFields, (record, offset) =>
        columns.addNode(record, offset),
      );
    }
    if (key === 'edges') {
      const columns = this.#columns;
      if (this.#meta === null || columns === null) throw snapshotError(at, 'edges come before the nodes');
      return new NumberSection('edges', this.#meta.edgeFields, (record, offset) =>
        columns.addEdge(record, offset),
      );
    }
    if (key === 'strings') {
      if (this.#graph === null || this.#columns === null)
        throw snapshotError(at, 'strings come before the edges');
      this.#strings = new StringSection(wantedNames(this.#graph, this.#columns.stringsNeeded));
      return this.#strings;
    }
    return new RawValue(0);
  }

  #endSection(at: number): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#state = 'comma';
    if (this.#key === 'snapshot' && reader instanceof RawValue) this.#meta = parseMeta(reader.text(), at);
    else if (this.#key === 'nodes') this.#columns?.endNodes(at);
    else if (this.#key === 'edges') this.#graph = this.#columns?.endEdges(at) ?? null;
    else if (this.#key === 'strings') this.#columns?.checkNames(this.#strings?.table.length ?? 0);
  }
}
