/**
 * Writes pprof's `profile.proto`, gzipped, as Go's own endpoints serve it. The names of sample types are Go's, by which
 * Pyroscope, Parca, Alloy and the OpenTelemetry collector know what to do with a profile.
 */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  Line,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
} from 'pprof-format';
import type { ProfileFrame } from './frame.js';

const compress = promisify(gzip);

interface Unit {
  readonly type: string;
  readonly unit: string;
}

export interface PprofHead {
  /** Of the values of a sample, in their order; the last one is what a viewer shows first. */
  readonly types: readonly [Unit, ...Unit[]];
  /** Mean distance of two samples, in the unit of its type. */
  readonly period: number;
  readonly periodType: Unit;
  readonly timeMs: number;
  /** 0 for a profile of a moment. */
  readonly durationMs: number;
  /** Remarks for a person. */
  readonly comments: readonly string[];
  /** On each sample. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Nanoseconds since the epoch no longer fit into a double's integers. */
const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n;

/** Above all addresses. */
const MEMORY_LIMIT = 2 ** 48;

/**
 * An address that is always the same for a function. It is not an address in memory, but Alloy recognises stacks by addresses
 * alone, and would add up all of the same depth without them.
 */
function addressOf(key: string): number {
  return Number.parseInt(hash('sha256', key).slice(0, 12), 16);
}

/** Ids count from 1: the format keeps 0 for none. */
export class PprofBuilder {
  readonly #strings = new StringTable();
  readonly #functions: PprofFunction[] = [];
  readonly #locations: Location[] = [];
  readonly #ids = new Map<string, number>();
  readonly #samples: Sample[] = [];
  readonly #head: PprofHead;
  readonly #label: { readonly key: number; readonly str: number }[];

  constructor(head: PprofHead) {
    this.#head = head;
    this.#label = Object.entries(head.labels).map(([key, value]) => ({
      key: this.#text(key),
      str: this.#text(value),
    }));
  }

  /** Id of a function. Its location is where it begins: V8's lines within it are wrong for inlined functions. */
  location(frame: ProfileFrame): number {
    const key = `${frame.name}\n${frame.file}\n${frame.line}\n${frame.column}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#locations.length + 1;
    const name = this.#text(frame.name);
    const file = this.#text(frame.file);
    this.#functions.push(
      new PprofFunction({ id, name, systemName: name, filename: file, startLine: frame.line }),
    );
    this.#locations.push(
      new Location({
        id,
        mappingId: 1,
        address: addressOf(key),
        line: [new Line({ functionId: id, line: frame.line })],
      }),
    );
    this.#ids.set(key, id);
    return id;
  }

  /** Locations of the stack, innermost first. */
  add(stack: readonly number[], values: readonly number[]): void {
    this.#samples.push(new Sample({ locationId: [...stack], value: [...values], label: this.#label }));
  }

  async encode(): Promise<Uint8Array> {
    const { types, period, periodType, timeMs, durationMs, comments } = this.#head;
    const unit = ({ type, unit: name }: Unit) => ({ type: this.#text(type), unit: this.#text(name) });
    const profile = new Profile({
      sampleType: types.map(unit),
      sample: this.#samples,
      // With names in the profile nothing is looked up in a binary. Some readers follow the mapping unasked.
      mapping: [
        new Mapping({
          id: 1,
          memoryLimit: MEMORY_LIMIT,
          filename: this.#text('node'),
          hasFunctions: true,
          hasFilenames: true,
          hasLineNumbers: true,
        }),
      ],
      location: this.#locations,
      function: this.#functions,
      timeNanos: nanoseconds(timeMs),
      durationNanos: nanoseconds(durationMs),
      periodType: unit(periodType),
      period,
      comment: comments.map((comment) => this.#text(comment)),
      defaultSampleType: this.#text(types.at(-1)!.type),
      stringTable: this.#strings,
    });
    return await compress(await profile.encodeAsync());
  }

  #text(text: string): number {
    return this.#strings.dedup(text);
  }
}
