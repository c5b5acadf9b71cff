import { createRequire } from 'node:module';
import type { Finding } from '../findings/finding.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { findConstructor, isPlain } from './constructors.js';
import type { ExposedRoots } from './exposed-roots.js';
import { type LiveCount, LiveObjects, type LiveObjectsParts } from './live-objects.js';
import { liveOwner } from './live-owner.js';
import { type Shape, shapes } from './shape.js';

const { dataProperty, isObject, shapeOf, sizeOf } = shapes;
/** Fields of an exposed object that are named, the largest first. */
const MAX_FIELDS = 10;
const MAX_KEYS = 1000;
/** Types of handles that are named, the most frequent first; others count in the total only. */
const MAX_TYPES = 50;

export interface ProbesParts extends LiveObjectsParts {
  readonly roots: ExposedRoots;
  /** Worst first. */
  findings(): readonly Finding[];
  /** The latest one; null before the first. */
  sample(): HeapSample | null;
}

/** Whether the object that holds the members of a finding was found, and how much it holds now. */
type OwnerAnswer =
  | ({ readonly found: true; readonly via: string } & Shape)
  | { readonly found: false; readonly reason: string };

/** The named probes. They answer with names, counts and sizes, never with values of the program. */
export class Probes {
  readonly #parts: ProbesParts;
  readonly #live: LiveObjects;

  constructor(parts: ProbesParts) {
    this.#parts = parts;
    this.#live = new LiveObjects(parts);
  }

  /** Live instances of the class of this name; null if no class of the name can be reached. */
  live(className: string): LiveCount | null {
    const { roots, findings } = this.#parts;
    const owners = findings()
      .map(({ retainerPath }) => liveOwner(retainerPath, roots))
      .flatMap((owner) => (owner.found ? [owner.value] : []));
    const found = findConstructor(className, roots, owners);
    return found === null ? null : this.#live.count(found);
  }

  /** What is open in this thread, by the names that Node has for it. */
  handles() {
    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    const types = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MAX_TYPES);
    const sample = this.#parts.sample();
    return {
      total: [...counts.values()].reduce((sum, count) => sum + count, 0),
      types: Object.fromEntries(types),
      /** Of the latest sample. */
      descriptors: sample?.descriptors ?? null,
    };
  }

  /**
   * What is known of the state that lives as long as the program. Variables of modules are out of reach of any code, so it is
   * what the program exposed and what the heap's graph showed to grow; of `require.cache` only the number of modules.
   */
  modules() {
    const { roots, findings } = this.#parts;
    return {
      commonJsModules: Object.keys(createRequire(import.meta.url).cache).length,
      exposed: roots.names.map((name) => {
        const reading = roots.read(name);
        return 'value' in reading
          ? { name, ...shapeOf(reading.value), fields: fieldsOf(reading.value), reason: null }
          : { name, className: null, size: null, unit: null, fields: [], reason: reading.reason };
      }),
      growing: findings().map(({ id, status, title, className, package: origin, growth }) => ({
        finding: id,
        status,
        title,
        className,
        package: origin?.name ?? null,
        count: growth.steps.at(-1)?.count ?? null,
        bytes: growth.steps.at(-1)?.bytes ?? null,
      })),
    };
  }

  /** Null for an unknown finding. */
  leak(id: string) {
    const { roots, findings } = this.#parts;
    const finding = findings().find((one) => one.id === id);
    if (finding === undefined) return null;
    const owner = liveOwner(finding.retainerPath, roots);
    const answer: OwnerAnswer = owner.found
      ? { found: true, via: owner.via, ...shapeOf(owner.value) }
      : { found: false, reason: owner.reason };
    const { status, title, retainerPath, growth } = finding;
    return { finding: id, status, title, path: retainerPath, series: growth.steps, owner: answer };
  }
}

/** Collections that an instance of a class holds in its fields, largest first. A plain object may have any number of keys, which V8 would list. */
function fieldsOf(value: unknown): readonly ({ readonly name: string } & Shape)[] {
  if (!isObject(value) || sizeOf(value) !== null || shapeOf(value).className === 'Proxy' || isPlain(value))
    return [];
  const fields = Reflect.ownKeys(value)
    .slice(0, MAX_KEYS)
    .flatMap((key) => {
      const field = typeof key === 'string' ? dataProperty(value, key) : undefined;
      return isObject(field) && sizeOf(field) !== null ? [{ name: String(key), ...shapeOf(field) }] : [];
    });
  return fields.toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0)).slice(0, MAX_FIELDS);
}
