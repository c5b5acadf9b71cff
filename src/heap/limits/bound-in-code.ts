import { CONTENT } from '../growth/path-tree.js';
import type { RetainerStep } from '../naming/retainer-step.js';
import { fileUrlOf, readText } from '../sources/script-file.js';
import { type Bound, fitsHeap, type Grown, OVERSHOOT } from './limit.js';
import { type SizeCheck, sizeChecks } from './size-checks.js';
import { withoutTexts } from './without-texts.js';

/** In a larger script, mostly a bundle, a name may be that of many collections. */
const MAX_SCRIPT_BYTES = 512 * 1024;
/** Characters of a line, on the average, that a person writes at most; no minified script has so few. */
const MAX_LINE = 200;
const MIN_NAME = 3;
/** Scripts read in one analysis; further ones are left alone. */
const MAX_SCRIPTS = 40;

export interface BoundedInCode extends Omit<Grown, 'subjects'> {
  readonly path: readonly RetainerStep[];
  readonly holders: number;
  /** Addresses of the scripts whose code may use it, nearest first. */
  readonly scripts: readonly string[];
}

/** Reads scripts of the program from the disk, so it must run in the analysis, not in a service. Never throws. */
export class BoundsInCode {
  readonly #texts = new Map<string, string | null>();

  /** The tightest limit in the code that the collection does not exceed; null if none is found. */
  find({ path, count, bytes, holders, scripts }: BoundedInCode): Bound | null {
    const name = nameOf(path);
    // Short names come from a minifier and mean many things.
    if (name === null || name.length < MIN_NAME) return null;
    const isPossible = ({ limit }: SizeCheck) =>
      (limit + OVERSHOOT) * holders >= count && fitsHeap(limit * holders, { count, bytes });
    for (const script of new Set(scripts)) {
      const text = this.#text(script);
      const checks = text === null ? [] : sizeChecks(text, name).filter(isPossible);
      const [tightest] = checks.toSorted((a, b) => a.limit - b.limit);
      if (tightest === undefined) continue;
      const found = { source: 'code', name: tightest.text, limit: tightest.limit * holders } as const;
      return { ...found, unit: 'entries', ...(holders > 1 ? { holders } : {}) };
    }
    return null;
  }

  #text(address: string): string | null {
    const known = this.#texts.get(address);
    if (known !== undefined || this.#texts.size >= MAX_SCRIPTS) return known ?? null;
    const text = read(address);
    this.#texts.set(address, text);
    return text;
  }
}

function read(address: string): string | null {
  try {
    const url = fileUrlOf(address);
    const text = url === null ? null : readText(url, MAX_SCRIPT_BYTES);
    return text === null || isMinified(text) ? null : withoutTexts(text);
  } catch {
    return null;
  }
}

function isMinified(text: string): boolean {
  return text.length > MAX_LINE * text.split('\n').length;
}

/** The property or variable that holds the collection: the last one before its members. */
function nameOf(path: readonly RetainerStep[]): string | null {
  const holder = path.slice(0, -1).findLast(({ edge }) => !CONTENT.has(edge));
  return holder?.edgeType === 'property' || holder?.edgeType === 'variable' ? holder.edge : null;
}
