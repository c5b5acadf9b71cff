import { isNodeScript } from '../../runtime/script-name.js';
import { fileUrlOf, fits, readText } from './script-file.js';
import { SourceMap } from './source-map.js';

const MIB = 2 ** 20;
/** A larger script, or map, is left as it is: its positions are those of the compiled text. */
const MAX_SCRIPT_BYTES = 20 * MIB;
const MAX_MAP_BYTES = 50 * MIB;
/** Scripts that are looked at in one analysis; further ones are left as they are. */
const MAX_SCRIPTS = 100;
/** What a compiler or bundler writes at the end of a script; the last one counts. */
const COMMENT = /\/[/*][#@][ \t]*sourceMappingURL=([^\s'"*]+)/g;
const BASE64 = /^data:application\/json[^,]*;base64,/;
const PLAIN = /^data:application\/json[^,]*,/;

/** A position in a script as V8 has it; line and column from 1. */
export interface ScriptPosition {
  readonly function: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the sources of compiled scripts. Reads the scripts and their maps from the disk, so it belongs into the analysis
 * and not into a service. Never throws: whatever is missing, broken or too large leaves the compiled position.
 */
export class ScriptMaps {
  readonly #maps = new Map<string, SourceMap | null>();

  /** The same position in the program's own source, if there is a map to it; otherwise as it was. */
  original<P extends ScriptPosition>(position: P): P {
    const place = this.#map(position.url)?.find(position.line, position.column) ?? null;
    if (place === null) return position;
    // A function's position is that of its parameters; the name before them is its own, under which a minifier hid it.
    const isOwnName = place.compiledColumn + position.function.length === position.column;
    const name = isOwnName && place.name !== null ? place.name : position.function;
    return { ...position, function: name, url: place.url, line: place.line, column: place.column };
  }

  #map(url: string): SourceMap | null {
    const known = this.#maps.get(url);
    if (known !== undefined || isNodeScript(url) || this.#maps.size === MAX_SCRIPTS) return known ?? null;
    const map = readMap(url);
    this.#maps.set(url, map);
    return map;
  }
}

function readMap(address: string): SourceMap | null {
  try {
    const scriptUrl = fileUrlOf(address);
    const script = scriptUrl === null ? null : readText(scriptUrl, MAX_SCRIPT_BYTES);
    if (script === null || scriptUrl === null) return null;
    const reference = [...script.matchAll(COMMENT)].at(-1)?.[1];
    if (reference === undefined) return null;
    const mapUrl = reference.startsWith('data:') ? scriptUrl : new URL(reference, scriptUrl);
    const text = reference.startsWith('data:') ? inlineText(reference) : readText(mapUrl, MAX_MAP_BYTES);
    if (text === null || !fits(text.length)) return null;
    // Some servers' guard against scripts that include JSON.
    return new SourceMap(JSON.parse(text.replace(/^\)\]\}'[^\n]*/, '')), mapUrl);
  } catch {
    return null;
  }
}

function inlineText(reference: string): string | null {
  if (BASE64.test(reference)) return Buffer.from(reference.replace(BASE64, ''), 'base64').toString('utf8');
  return PLAIN.test(reference) ? decodeURIComponent(reference.replace(PLAIN, '')) : null;
}
