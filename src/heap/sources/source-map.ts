import { publicAddress } from '../../runtime/script-name.js';
import { decodeMappings, type MappingTable, segmentAt } from './mapping-table.js';

/** A place in the text that a person wrote. */
export interface SourcePlace {
  /** Address of the source: a file URL where the map says where it lies. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is called so there, where the map tells it; null otherwise. */
  readonly name: string | null;
  /** Column of the compiled text, from 1, at which what is mapped here begins. */
  readonly compiledColumn: number;
}

interface Section {
  /** Where it begins in the compiled text, from 0. */
  readonly line: number;
  readonly column: number;
  readonly table: MappingTable;
  readonly urls: readonly string[];
  readonly names: readonly unknown[];
}

const MAX_SECTIONS = 1000;

/** A source map, plain or indexed (with `sections`). */
export class SourceMap {
  /** In the order of the compiled text. */
  readonly #sections: readonly Section[];

  /** `mapUrl`: where the map lies, or the script that holds it. Throws where `payload` is no source map. */
  constructor(payload: unknown, mapUrl: URL) {
    const map = record(payload);
    const list = Array.isArray(map['sections']) ? map['sections'].slice(0, MAX_SECTIONS) : null;
    this.#sections =
      list === null
        ? [sectionOf(map, mapUrl, 0, 0)]
        : list.map((entry) => {
            const { offset, map: inner } = record(entry);
            const { line, column } = record(offset);
            return sectionOf(record(inner), mapUrl, Number(line), Number(column));
          });
  }

  /** Line and column of the compiled text, from 1. Null where that belongs to no source. */
  find(line: number, column: number): SourcePlace | null {
    const [atLine, atColumn] = [line - 1, column - 1];
    const section = this.#sections.findLast(
      (one) => one.line < atLine || (one.line === atLine && one.column <= atColumn),
    );
    if (section === undefined) return null;
    const shift = section.line === atLine ? section.column : 0;
    const { table, urls, names } = section;
    const segment = segmentAt(table, atLine - section.line, atColumn - shift);
    if (segment < 0) return null;
    const url = urls[table.source[segment]!];
    if (url === undefined) return null;
    const name = names[table.name[segment]!];
    return {
      url,
      line: table.sourceLine[segment]! + 1,
      column: table.sourceColumn[segment]! + 1,
      name: typeof name === 'string' ? name : null,
      compiledColumn: table.column[segment]! + shift + 1,
    };
  }
}

function sectionOf(map: Record<string, unknown>, mapUrl: URL, line: number, column: number): Section {
  const { mappings, sources, sourceRoot, names } = map;
  if (typeof mappings !== 'string' || !Array.isArray(sources) || !(line >= 0) || !(column >= 0))
    throw new Error('not a source map');
  const root = typeof sourceRoot === 'string' ? sourceRoot : '';
  return {
    line,
    column,
    table: decodeMappings(mappings),
    urls: sources.map((source: unknown) => addressOf(`${source ?? ''}`, root, mapUrl)),
    names: Array.isArray(names) ? names : [],
  };
}

/** Sources are given relative to `sourceRoot`, and that to the map. Names of bundlers (`webpack://app/./src/a.ts`) stay. */
function addressOf(source: string, root: string, mapUrl: URL): string {
  const path =
    root === '' || /^([a-z][a-z0-9+.-]+:|\/)/i.test(source)
      ? source
      : `${root.replace(/\/?$/, '/')}${source}`;
  try {
    return publicAddress(new URL(path, mapUrl).href);
  } catch {
    return publicAddress(path);
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
