import { isNodeScript, packageOf, shortScript } from '../graph/script-name.js';
import { type Accumulation, isScaled } from '../growth/accumulation.js';
import { type GrowthSeries, growthOf } from '../growth/growth-series.js';
import { SCOPE } from '../growth/path-tree.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import type { Candidate } from './candidate.js';
import { eventOf } from './event-name.js';
import { fingerprint } from './fingerprint.js';
import { mechanismOf, NUMBERS } from './mechanism.js';
import { Places } from './member-location.js';
import { newestMembers } from './newest-members.js';
import { fieldNames, findBound } from './object-fields.js';
import { type OwnerFacts, ownerName } from './owner.js';
import { retainerPath } from './retainer-path.js';
import { NO_SAMPLES, type Samples } from './sample-members.js';
import type { PackageName, RetainerStep, Suspect } from './suspect.js';

/** Objects of one path whose content is looked at. */
const MAX_LOOKED_AT = 8;
const MAX_ALSO_HELD = 4;
const PRIMITIVES = new Set(['string', 'symbol', 'bigint']);

/** Turns what grows into what a person reads. */
export class Describer {
  readonly #heap: TracedHeap;
  readonly #series: GrowthSeries;
  readonly #samples: ReadonlyMap<number, Samples>;
  readonly #places: Places;

  constructor(heap: TracedHeap, series: GrowthSeries, samples: ReadonlyMap<number, Samples>) {
    this.#heap = heap;
    this.#series = series;
    this.#samples = samples;
    this.#places = new Places(heap);
  }

  /** `ownerRows`: series rows of the holder and of what it is a part of. */
  suspect({ accumulation, artefact, others }: Candidate, ownerRows: readonly number[]): Suspect {
    const { path, objects, parentBytes } = this.#members(accumulation);
    const className = path.at(-1)!.node;
    const owners = ownerRows.flatMap((row) => this.#of(row).objects);
    const fields = fieldNames(this.#heap.snapshot, objects.slice(0, MAX_LOOKED_AT));
    const owner = this.#owner(accumulation, path, objects);
    const alsoHeldBy = others.map((other) => this.#owner(other, this.#members(other).path, objects));
    const { counts, bytes, risingSteps } = accumulation;
    return {
      fingerprint: fingerprint(path),
      className,
      owner,
      retainerPath: path,
      steps: counts.map((count, step) => ({
        atMs: this.#series.times[step]!,
        count,
        bytes: bytes[step]!,
      })),
      risingSteps,
      gainedBytes: accumulation.gainedBytes,
      shareOfGrowth: shareOf(accumulation, this.#series),
      fields,
      artefact,
      bound: findBound(this.#heap.snapshot, owners, counts.at(-1)!),
      mechanism: mechanismOf(path, parentBytes > 0),
      shape: fields.length === 0 ? className : `${className}{${fields.join(', ')}}`,
      package: this.#package(owners, objects),
      locations: this.#places.ofAll(objects),
      ...(parentBytes > 0 ? { parentBytes } : {}),
      ...(isScaled(accumulation, this.#series) ? { scaled: true } : {}),
      ...(others.length > 0 ? { alsoHeldBy: [...new Set(alsoHeldBy)].slice(0, MAX_ALSO_HELD) } : {}),
    };
  }

  #of(row: number): Samples {
    return this.#samples.get(row) ?? NO_SAMPLES;
  }

  /** The path to the members, and some of them, the newest where that can be told. */
  #members(accumulation: Accumulation): {
    path: readonly RetainerStep[];
    objects: readonly number[];
    parentBytes: number;
  } {
    const { nodes } = this.#series;
    const { classes } = this.#heap;
    const row = this.#mainRow(accumulation);
    const newest = newestMembers(this.#heap, this.#of(accumulation.holder).objects, MAX_LOOKED_AT * 2);
    const className = row === null ? this.#commonClass(newest) : nodes[row]!.className;
    const known = newest.filter((node) => classes.of(node) === className);
    return {
      path: retainerPath(nodes, accumulation, className),
      objects: known.length > 0 ? known : row === null ? [] : this.#of(row).objects,
      parentBytes: row === null ? 0 : this.#of(row).parentBytes,
    };
  }

  /** The row that tells what is leaked: objects before strings, since a Map's keys grow with its values. */
  #mainRow({ members }: Accumulation): number | null {
    const { nodes } = this.#series;
    const grown = (row: number) => growthOf(nodes[row]!.bytes);
    const sorted = members.toSorted((a, b) => grown(b) - grown(a));
    const objects = sorted.filter((row) => !PRIMITIVES.has(nodes[row]!.className));
    const best = objects.find((row) => growthOf(nodes[row]!.counts) > 0);
    return best ?? sorted[0] ?? null;
  }

  /** Members that another holder reaches by a shorter path are not in the tree below this one. Without any there are numbers. */
  #commonClass(objects: readonly number[]): string {
    const counts = new Map<string, number>();
    for (const node of objects) {
      const name = this.#heap.classes.of(node);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const rank = ([name, count]: readonly [string, number]) => (PRIMITIVES.has(name) ? 0 : count);
    return [...counts].sort((a, b) => rank(b) - rank(a))[0]?.[0] ?? NUMBERS;
  }

  #owner({ holder }: Accumulation, path: readonly RetainerStep[], objects: readonly number[]): string {
    const holders = this.#of(holder).objects;
    const facts: OwnerFacts = {
      ...this.#capturedBy(holders[0], path[0]?.edge === SCOPE ? path[0].node : null),
      event: eventOf(this.#heap, holders),
      callback: objects[0] === undefined ? null : this.#places.of(objects[0]),
      shorten: shortScript,
    };
    return ownerName(path, facts);
  }

  /** The function whose scope holds the variable on the way to this object, and whether that scope is a module's. */
  #capturedBy(
    holder: number | undefined,
    scopeScript: string | null,
  ): { closure: string | null; script: string | null } {
    const { paths, classes } = this.#heap;
    for (let node = holder ?? -1; node > 0; node = paths.parent[node]!) {
      if (paths.scopes.isContext[node] !== 1) continue;
      const closure = paths.scopes.closure[node]!;
      const isModule = paths.scopes.outermost[node] === 1;
      return { closure: closure < 0 ? null : classes.of(closure), script: isModule ? scopeScript : null };
    }
    return { closure: null, script: null };
  }

  /** By the class nearest to the members that has a script, then by the variable that the path begins with. */
  #package(owners: readonly number[], objects: readonly number[]): PackageName | null {
    const { paths, snapshot } = this.#heap;
    for (const owner of owners.slice(0, MAX_LOOKED_AT)) {
      const url = this.#places.of(owner)?.url ?? '';
      if (!isNodeScript(url)) return named(packageOf(url));
    }
    for (let node = owners[0] ?? -1; node > 0; node = paths.parent[node]!) {
      const script = paths.scopes.isContext[node] === 1 ? paths.scopes.script[node]! : -1;
      if (script >= 0) return named(packageOf(snapshot.strings.text(script)));
    }
    const url = objects[0] === undefined ? undefined : this.#places.of(objects[0])?.url;
    return named(packageOf(url ?? ''));
  }
}

function named(found: ReturnType<typeof packageOf>): PackageName | null {
  return found === null ? null : { name: found.name, version: found.version };
}

function shareOf({ heldBytes }: Accumulation, { heapBytes }: GrowthSeries): number {
  const [gained, total] = [growthOf(heldBytes), growthOf(heapBytes)];
  // Where the rest of the heap shrank, this is all that grew.
  return gained <= 0 ? 0 : Math.min(1, gained / Math.max(1, total));
}
