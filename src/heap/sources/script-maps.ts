import { isNodeScript } from '../../runtime/script-name.js';
import { MIB } from '../../runtime/units.js';
import type { RawFrame } from './code-place.js';
import { fileUrlOf, fits, readText } from './script-file.js';
import { SourceMap } from './source-map.js';

/** A larger script or map is not mapped: its positions stay those of the generated text. */
const MAX_SCRIPT_BYTES = 20 * MIB;
const MAX_MAP_BYTES = 50 * MIB;
/** Most scripts examined in one analysis; further ones are not mapped. */
const MAX_SCRIPTS = 100;
/** The comment that a compiler or bundler writes at the end of a script; the last one counts. */
const COMMENT = /\/[/*][#@][ \t]*sourceMappingURL=([^\s'"*]+)/g;
const BASE64 = /^data:application\/json[^,]*;base64,/;
const PLAIN = /^data:application\/json[^,]*,/;

/**
 * Finds the sources of compiled scripts. It reads scripts and maps from disk, so it belongs in the analysis process and
 * not in a service. Never throws: if anything is missing, broken or too large, the generated position stays.
 */
export class ScriptMaps {
  readonly #maps = new Map<string, SourceMap | null>();

  /** The same position in the original source if there is a source map; otherwise unchanged. */
  original<P extends RawFrame>(position: P): P {
    const place = this.#map(position.url)?.find(position.line, position.column) ?? null;
    if (place === null) return position;
    // V8's position of a function is that of its parameters; the name before them is its own, as the minifier renamed
    // it.
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
    // Some servers prefix JSON with )]}' to guard against inclusion as a script.
    return new SourceMap(JSON.parse(text.replace(/^\)\]\}'[^\n]*/, '')), mapUrl);
  } catch {
    return null;
  }
}

function inlineText(reference: string): string | null {
  if (BASE64.test(reference)) return Buffer.from(reference.replace(BASE64, ''), 'base64').toString('utf8');
  return PLAIN.test(reference) ? decodeURIComponent(reference.replace(PLAIN, '')) : null;
}
