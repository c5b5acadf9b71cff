import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';

/** A profile as a reader sees it, its references resolved. */
export interface ReadPprof {
  /** `type/unit` of the values, in their order. */
  readonly types: readonly string[];
  readonly period: string;
  readonly defaultType: string;
  readonly timeMs: number;
  readonly durationMs: number;
  readonly comments: readonly string[];
  readonly strings: readonly string[];
  readonly samples: readonly {
    /** `name file:line`, innermost first. */
    readonly stack: readonly string[];
    readonly values: readonly number[];
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** Reads a gzipped profile, and checks everything that `profile.proto` demands of one. */
export function readPprof(bytes: Uint8Array): ReadPprof {
  const profile = Profile.decode(gunzipSync(bytes));
  const { strings } = profile.stringTable;
  assert.equal(strings[0], '', 'the first string is empty');
  assert.equal(new Set(strings).size, strings.length, 'strings are unique');
  const text = (at: number | bigint): string => {
    assert.ok(Number(at) < strings.length, `string ${at}`);
    return strings[Number(at)]!;
  };
  const mappings = byId(profile.mapping);
  const functions = byId(profile.function);
  const locations = byId(profile.location);
  assert.equal(
    new Set(profile.location.map(({ address }) => address)).size,
    locations.size,
    'addresses differ',
  );
  assert.ok(profile.location.every(({ address }) => Number(address) > 0 && Number(address) < 2 ** 48));
  const unit = ({ type, unit: name }: { type: number | bigint; unit: number | bigint }) =>
    `${text(type)}/${text(name)}`;
  const shown = (id: number | bigint): string => {
    const location = locations.get(Number(id));
    assert.ok(location !== undefined && mappings.has(Number(location.mappingId)), `location ${id}`);
    assert.equal(location.line.length, 1);
    const { functionId, line } = location.line[0]!;
    const { name, filename } = functions.get(Number(functionId))!;
    return `${text(name)} ${text(filename)}:${line}`;
  };
  return {
    types: profile.sampleType.map(unit),
    period: `${profile.period} ${unit(profile.periodType!)}`,
    defaultType: text(profile.defaultSampleType),
    timeMs: Number(BigInt(profile.timeNanos) / 1_000_000n),
    durationMs: Number(BigInt(profile.durationNanos) / 1_000_000n),
    comments: profile.comment.map(text),
    strings,
    samples: profile.sample.map(({ locationId, value, label }) => {
      assert.equal(value.length, profile.sampleType.length, 'a value for each type');
      assert.ok(locationId.length > 0, 'no stack is empty');
      assert.ok(value.every((one) => Number(one) >= 0));
      return {
        stack: locationId.map(shown),
        values: value.map(Number),
        labels: Object.fromEntries(label.map(({ key, str }) => [text(key), text(str)])),
      };
    }),
  };
}

function byId<T extends { readonly id: number | bigint }>(list: readonly T[]): ReadonlyMap<number, T> {
  const map = new Map(list.map((one) => [Number(one.id), one]));
  assert.equal(map.size, list.length, 'ids are unique');
  assert.ok(!map.has(0), 'no id is 0');
  return map;
}

/** Sum of one kind of value over the stacks in which a function appears. */
export function total({ samples, types }: ReadPprof, type: string, name = ''): number {
  const at = types.indexOf(type);
  assert.ok(at >= 0, `${type} is among ${types.join(', ')}`);
  return samples
    .filter(({ stack }) => name === '' || stack.some((frame) => frame.startsWith(`${name} `)))
    .reduce((sum, { values }) => sum + values[at]!, 0);
}
