import { publicAddress } from '../../runtime/script-name.js';
import { decodeMappings, type MappingTable, segmentAt } from './mapping-table.js';

/** A place in the original source. */
export interface SourcePlace {
  /** Address of the source: a file URL if the map gives its location. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The name at this place, if the map gives it; otherwise null. */
  readonly name: string | null;
  /** Column of the generated text, from 1, at which the mapped segment begins. */
  readonly compiledColumn: number;
}

interface Section {
  /** Where it begins in the generated text, from 0. */
  readonly line: number;
  readonly column: number;
  readonly table: MappingTable;
  readonly urls: readonly string[];
  readonly names: readonly unknown[];
}

const MAX_SECTIONS = 1000;

/** A source map, plain or indexed (with `sections`). */
export class SourceMap {
  /** In the order of the generated text. */
  readonly #sections: readonly Section[];

  /** `mapUrl`: location of the map, or of the script that contains it. Throws if `payload` is not a source map. */
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

  /** Line and column of the generated text, from 1. Null if that position has no source. */
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

/** Sources are relative to `sourceRoot`, and that to the map. Bundler names (`webpack://app/./src/a.ts`) are kept. */
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
