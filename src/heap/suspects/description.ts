import type { MechanismRow } from '../../mechanisms/mechanism-row.js';
import { NUMBERS, TIMERS_LIST } from '../../mechanisms/path-names.js';
import { isNodeScript, packageOf } from '../../runtime/script-name.js';
import { type Accumulation, isScaled } from '../growth/accumulation.js';
import { type GrowthSeries, growthOf, type SeriesNode } from '../growth/growth-series.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { BoundsInCode } from '../limits/bound-in-code.js';
import { ownerLimits } from '../limits/owner-limits.js';
import { newestMembers } from '../members/newest-members.js';
import { fieldNames } from '../members/object-fields.js';
import { type InspectedHeap, objectsOf } from '../members/sample-members.js';
import { TimerCaptures } from '../members/timer-capture.js';
import { fingerprint } from '../naming/fingerprint.js';
import { GENERIC, PRIMITIVES } from '../naming/generic-class.js';
import type { Holder } from '../naming/holder.js';
import { HolderPlaces } from '../naming/holder-place.js';
import { mechanismOf } from '../naming/mechanism.js';
import { areWeak, hasRegistry, keepContexts } from '../naming/member-facts.js';
import { Places } from '../naming/member-location.js';
import { mainRow, retainerPath, rowsTo } from '../naming/retainer-path.js';
import type { RetainerStep } from '../naming/retainer-step.js';
import { type Candidate, gainedBytes } from '../uniting/candidate.js';
import type { Suspect } from './suspect.js';

/** Objects of one path whose content is read. */
const MAX_LOOKED_AT = 8;
const MAX_ALSO_HELD = 4;
const MAX_OWNER_ROWS = 4;

/** The holder and the objects it is a part of, up to the nearest class with a name: a bound would be there. */
export function ownerRows(nodes: readonly SeriesNode[], holder: number): readonly number[] {
  const rows = rowsTo(nodes, holder).toReversed();
  const named = rows.findIndex((row) => !GENERIC.has(nodes[row]!.className));
  return rows.slice(0, Math.min(MAX_OWNER_ROWS, named < 0 ? rows.length : named + 1));
}

export class Describer {
  readonly #inspected: InspectedHeap;
  readonly #heap: TracedHeap;
  readonly #places: Places;
  readonly #timers: TimerCaptures;
  readonly #holders: HolderPlaces;
  readonly #code = new BoundsInCode();
  /** Null until needed. */
  #registry: boolean | null = null;

  constructor(inspected: InspectedHeap) {
    const { heap } = inspected;
    this.#inspected = inspected;
    this.#heap = heap;
    this.#places = new Places(heap);
    this.#timers = new TimerCaptures(heap);
    this.#holders = new HolderPlaces(inspected, this.#places);
  }

  suspect(candidate: Candidate): Suspect {
    const { accumulation, artefact, others } = candidate;
    const { nodes, series } = this.#inspected;
    const { path, objects, parentBytes } = this.#members(accumulation);
    const className = this.#holders.handleClass(accumulation, objects) ?? path.at(-1)!.node;
    const rows = ownerRows(nodes, accumulation.holder);
    const owners = rows.flatMap((row) => objectsOf(this.#inspected, row));
    const isNotNodes = (url: string) => !isNodeScript(url);
    const ownerUrls = owners
      .slice(0, MAX_LOOKED_AT)
      .map((owner) => this.#places.urlOf(owner))
      .filter(isNotNodes);
    const around = this.#scriptsAround(objectsOf(this.#inspected, accumulation.holder)[0]);
    const scripts = [...ownerUrls, ...around.filter(isNotNodes)];
    const limited = { accumulation, ownerRows: rows, path, objects, scripts };
    const fields = fieldNames(this.#heap.snapshot, objects.slice(0, MAX_LOOKED_AT));
    const alsoHeldBy = others.map((other) => {
      const members = this.#members(other);
      return this.#holders.of(other, members.path, members.objects);
    });
    const { counts, bytes, risingSteps } = accumulation;
    const facts = {
      weak: areWeak(this.#heap, objects),
      sliced: parentBytes > 0,
      grownWhole: accumulation.gained === 0,
      withContexts: keepContexts(this.#heap, objects),
    };
    const named = objectsOf(this.#inspected, rows.at(-1) ?? accumulation.holder)[0];
    return {
      fingerprint: fingerprint(path),
      className,
      holder: this.#holders.of(accumulation, path, objects),
      retainerPath: path,
      steps: counts.map((count, step) => ({ atMs: series.times[step]!, count, bytes: bytes[step]! })),
      risingSteps,
      gainedBytes: gainedBytes(candidate),
      shareOfGrowth: shareOf(candidate, series),
      fields,
      artefact,
      ...ownerLimits(this.#inspected, limited, this.#timers, this.#code),
      mechanism: mechanismOf(path, facts, (row) => this.#isGenuine(row, objects[0], named)),
      ...(facts.weak ? { finalized: this.#hasRegistry() } : {}),
      shape: fields.length === 0 ? className : `${className}{${fields.join(', ')}}`,
      package: this.#package(owners, ownerUrls, objects[0]),
      locations: this.#places.ofAll(objects),
      ...(parentBytes > 0 ? { parentBytes } : {}),
      ...(isScaled(accumulation, series) ? { scaled: true } : {}),
      ...(others.length > 0 ? { alsoHeldBy: distinct(alsoHeldBy).slice(0, MAX_ALSO_HELD) } : {}),
    };
  }

  /** `named`: of the nearest named class that holds the member. Code that is not known is Node's or V8's. */
  #isGenuine(row: MechanismRow, member: number | undefined, named: number | undefined): boolean {
    if (row.classes === undefined && row.ofNode !== true) return true;
    const object = row.classes === undefined ? named : member;
    if (isNodeScript(this.#places.urlOf(object))) return true;
    return row.ofNode !== true && this.#holders.isForeign(object);
  }

  #hasRegistry(): boolean {
    this.#registry ??= hasRegistry(this.#heap, this.#places);
    return this.#registry;
  }

  /** Addresses of the scripts whose scopes lead to an object, innermost first. */
  #scriptsAround(object: number | undefined): readonly string[] {
    const { paths, snapshot } = this.#heap;
    const found: string[] = [];
    for (let node = object ?? -1; node > 0; node = paths.parent[node]!) {
      const script = paths.scopes.script[node]!;
      if (script >= 0) found.push(snapshot.strings.text(script));
    }
    return found;
  }

  /** The path to the members, and some of them: the newest if their order is known. */
  #members(accumulation: Accumulation): {
    path: readonly RetainerStep[];
    objects: readonly number[];
    parentBytes: number;
  } {
    const { nodes, samples } = this.#inspected;
    const { classes } = this.#heap;
    const row = mainRow(nodes, accumulation);
    const held = objectsOf(this.#inspected, accumulation.holder);
    const newest = newestMembers(this.#heap, held, MAX_LOOKED_AT * 2);
    const className = row === null ? this.#commonClass(newest) : nodes[row]!.className;
    // A list of timers also holds timers that call other functions.
    const isMixed = row !== null && nodes[accumulation.holder]!.className === TIMERS_LIST;
    const known = isMixed ? [] : newest.filter((node) => classes.of(node) === className);
    const sample = samples.get(row ?? -1);
    return {
      path: retainerPath(nodes, accumulation, className),
      objects: known.length > 0 ? known : (sample?.objects.toReversed() ?? []),
      parentBytes: sample?.parentBytes ?? 0,
    };
  }

  /** For members that are not in the tree below this holder, since a shorter path leads to them. If there are no objects, they are numbers. */
  #commonClass(objects: readonly number[]): string {
    const counts = new Map<string, number>();
    for (const node of objects) {
      const name = this.#heap.classes.of(node);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const rank = ([name, count]: readonly [string, number]) => (PRIMITIVES.has(name) ? 0 : count);
    return [...counts].sort((a, b) => rank(b) - rank(a))[0]?.[0] ?? NUMBERS;
  }

  /** The package of the class nearest to the members that has a script, else of the variable at the start of the path. */
  #package(owners: readonly number[], ownerUrls: readonly string[], member: number | undefined) {
    const url = ownerUrls[0] ?? this.#scriptsAround(owners[0])[0] ?? this.#places.urlOf(member);
    const found = packageOf(url);
    return found === null ? null : { name: found.name, version: found.version };
  }
}

const distinct = (holders: readonly Holder[]): readonly Holder[] => [
  ...new Map(holders.map((holder) => [JSON.stringify(holder), holder])).values(),
];

function shareOf({ accumulation, parts }: Candidate, { heapBytes }: GrowthSeries): number {
  const gained = [accumulation, ...parts].reduce((sum, { heldBytes }) => sum + growthOf(heldBytes), 0);
  const total = growthOf(heapBytes);
  // If the rest of the heap shrank, this is all of the growth.
  return gained <= 0 ? 0 : Math.min(1, gained / Math.max(1, total));
}
