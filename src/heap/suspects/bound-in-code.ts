import { CONTENT } from '../growth/path-tree.js';
import { fileUrlOf, readText } from '../sources/script-file.js';
import { type SizeCheck, sizeChecks } from '../sources/size-checks.js';
import type { Bound, RetainerStep } from './suspect.js';

/** In a larger script, mostly a bundle, a name may be that of many collections. */
const MAX_SCRIPT_BYTES = 512 * 1024;
/** Scripts read in one analysis; further ones are left alone. */
const MAX_SCRIPTS = 40;

/** A collection as code sees it. */
export interface BoundedInCode {
  readonly path: readonly RetainerStep[];
  /** Members of all holders, a count. */
  readonly count: number;
  readonly holders: number;
  /** Addresses of the scripts whose code may use it, nearest first. */
  readonly scripts: readonly string[];
}

/** Reads scripts of the program from the disk, so it belongs into the analysis and not into a service. Never throws. */
export class BoundsInCode {
  readonly #texts = new Map<string, string | null>();

  /** The tightest limit that the code keeps the collection to and that is not broken; null where none is seen. */
  find({ path, count, holders, scripts }: BoundedInCode): Bound | null {
    const name = nameOf(path);
    if (name === null) return null;
    for (const script of new Set(scripts)) {
      const text = this.#text(script);
      const checks =
        text === null ? [] : sizeChecks(text, name).filter(({ limit }) => limit * holders >= count);
      const tightest = checks.reduce<SizeCheck | null>(
        (best, check) => (best === null || check.limit < best.limit ? check : best),
        null,
      );
      if (tightest !== null)
        return {
          name: tightest.text,
          limit: tightest.limit * holders,
          unit: 'entries',
          ...(holders > 1 ? { holders } : {}),
        };
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
    return url === null ? null : readText(url, MAX_SCRIPT_BYTES);
  } catch {
    return null;
  }
}

/** The property or variable that holds the collection: the last one before its members. */
function nameOf(path: readonly RetainerStep[]): string | null {
  const holder = path.slice(0, -1).findLast(({ edge }) => !CONTENT.has(edge));
  return holder?.edgeType === 'property' || holder?.edgeType === 'variable' ? holder.edge : null;
}
