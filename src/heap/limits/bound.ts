/**
 * A limit on a growing collection, stated by the program: a number with the name of a limit near the collection
 * (owner-place.ts says how near). It shows that growth may stop, not that it will. A wrong bound would silence a leak, so
 * a number does not count if its name is about something else (`maxRetries`, `maxAge`), if the collection exceeds it
 * already (`limit: 20` of pages next to 5,000 members), if another collection next to this one has reached it, if it is no
 * limit in practice (0, Infinity, 2^31 − 1), or if that many members would not fit into any heap.
 */
import { tableOf } from '../growth/collection-table.js';
import { isDataKey } from '../growth/dictionary.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { entriesOf, slotsOf } from '../members/held-entries.js';
import { fieldsOf, numbersOf } from '../members/number-field.js';
import { findFullHolders } from './full-holders.js';
import { type Bound, fitsHeap, type Grown, LARGEST_HEAP_BYTES, OVERSHOOT } from './limit.js';
import { plainName, stem, stems, Units, wordsOf } from './name-words.js';
import type { OwnerLevel, Place } from './owner-place.js';

/** Words that mark the name of a limit, whatever the number. */
const LIMITERS = stems('max maximum limit capacity cap quota ceiling keep retain');
/** Words that may also mean the present size: with these, the number must be round and clearly larger. */
const SIZES = stems('size length len');
/** From this ratio on, a capacity is clearly larger than the present size. */
const CLEARLY = 1.1;
/** Words for things that limits count in general. */
const COUNTED = stems(`entry item element key record value object member count num number n total
  byte kb mb gb kilobyte megabyte memory mem`);
/** Other words in the name of a limit that do not make it one on something else. */
const NEUTRAL =
  stems(`default allowed stored store hard soft in of the last cache history buffer pool queue ring
  window`);
const isNeutral = (word: string) => SIZES.has(word) || COUNTED.has(word) || NEUTRAL.has(word);
/** Words that mark a limit on something other than the collection's size, unless the collection is about them. */
const OTHERS =
  stems(`ms msec milli millisecond sec second s minute min hour day age ttl time timeout timer delay wait backoff
  interval duration lifetime idle stale expire expiry expiration socket retry attempt try redirect header body payload file
  upload download chunk frame packet message request response concurrency concurrent concurrently parallel parallelism
  worker thread depth level id int integer float double safe score weight price cost port rate rps qps per high low water
  mark connection page line column char character text string name field part param parameter arg argument batch step
  iteration loop round seen used observed reached peak current latency width height offset index cpu load percent ratio
  factor version fd descriptor child print log event stack trace error failure alive upper lower`);
/** A number of listeners above which Node warns but still adds them. */
const WARNINGS = stems('listener');
/** `maxEntrySize` limits each entry. */
const EACH = /^(?:entry|item|element|key|value|object|record|member)$/i;
/** Words of a limit in bytes → bytes in one of its units. */
const BYTES = new Units({
  'byte memory mem': 1,
  'kb kilobyte': 1024,
  'mb megabyte': 1024 ** 2,
  gb: 1024 ** 3,
});
/** Names of an owner's present size in its own units. */
const FIGURES = stems('calculated current total used usage size length byte');
/** If the owner counts more than this many times the entries, it counts something else. */
const OWN_UNITS = 2;

/** From here on numbers are written for "no limit". */
const NO_LIMIT = 2 ** 31 - 1;
/** If the limit may be another collection's, at least this part of it must be used. */
const SOON = 1 / 4;
/** If this many slots at its end are empty, an array was created with all its slots: a few may be `undefined` by chance. */
const MIN_FREE = 8;

/** What a limit limits, according to its name. */
const aboutOf = (words: readonly string[]) => words.filter((word) => !LIMITERS.has(word));

interface Found extends Bound {
  readonly name: string;
  /** Part of the limit that is used, 0 to 1. */
  readonly fill: number;
}

/** The tightest limit that is not exceeded, else that of full holders; for several holders, their total. */
export function findBound(
  heap: TracedHeap,
  levels: readonly OwnerLevel[],
  places: readonly Place[],
  grown: Grown,
): Bound | null {
  let best: Found | null = findSlots(heap, levels, places, grown);
  for (const place of places) {
    // If the number of holders grows, a limit on each one does not limit all of them.
    if (place.level.growing) continue;
    for (const [name, value] of numbersOf(heap.snapshot, place.node)) {
      const found = boundOf(heap, place, grown, name, value);
      if (found === null || isTaken(heap, levels, place, grown, found, value)) continue;
      // If it bounds the collection, growth ends soon; if not, the collection soon exceeds it.
      const isAbout = aboutOf(wordsOf(name)).some((word) => grown.subjects.has(word));
      if (place.shared && !isAbout && found.fill < SOON) continue;
      if (best === null || found.fill >= best.fill) best = found;
    }
  }
  if (best === null) return levels[0] === undefined ? null : findFullHolders(heap, levels[0], grown);
  const { fill, ...bound } = best;
  return bound;
}

function boundOf(heap: TracedHeap, place: Place, grown: Grown, name: string, value: number): Found | null {
  const { instances } = place.level;
  const words = wordsOf(name);
  if (!(value > 0 && value < NO_LIMIT) || isDataKey(name)) return null;
  if (!isLimitName(plainName(name), words, grown.subjects, place.near)) return null;
  const each = grown.count / instances;
  const figure = presentFigure(heap, place, name, words, { each, limit: value });
  const isWeak = !words.some((word) => LIMITERS.has(word));
  if (isWeak && (!isRound(value) || value < CLEARLY * (figure ?? each))) return null;
  const scale = BYTES.among(words);
  const found = {
    source: 'setting',
    name: plainName(name),
    ...(instances > 1 ? { holders: instances } : {}),
  } as const;
  if (scale === null && figure === null) {
    const limit = value * instances;
    if (limit + OVERSHOOT < grown.count || !fitsHeap(limit, grown)) return null;
    return { ...found, limit, unit: 'entries', fill: grown.count / limit };
  }
  const allowed = value * (scale ?? 1);
  const counted = figure ?? grown.bytes / instances;
  // The owner's units are not V8's bytes: the limit is scaled to the heap, and so differs a little at each capture.
  const inHeap = figure === null ? instances : grown.bytes / figure;
  const limit = Math.round(allowed * inHeap);
  if (counted > allowed || limit > LARGEST_HEAP_BYTES) return null;
  return { ...found, limit, unit: 'bytes', fill: counted / allowed };
}

function isLimitName(
  name: string,
  words: readonly string[],
  subjects: ReadonlySet<string>,
  near: boolean,
): boolean {
  const about = aboutOf(words);
  const isStrong = about.length < words.length;
  if (!isStrong && !words.some((word) => SIZES.has(word))) return false;
  if (words.some((word) => WARNINGS.has(word) || word === 'min' || word === 'minimum') || isOfEach(name))
    return false;
  const isRelated = (word: string) => subjects.has(word);
  if (about.some((word) => OTHERS.has(word) && !isRelated(word))) return false;
  if (near) return isStrong || about.every((word) => isNeutral(word) || isRelated(word));
  // In a scope, `size` may be the size of anything.
  if (!isStrong && !about.some((word) => !SIZES.has(word) && isRelated(word))) return false;
  return about.every((word) => isNeutral(word) || /^\d+$/.test(word) || isRelated(word));
}

/** `maxEntrySize`, but not `maxEntries`: in the singular, before a word of size. */
function isOfEach(name: string): boolean {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  const last = stem((words.at(-1) ?? '').toLowerCase());
  return EACH.test(words.at(-2) ?? '') && (SIZES.has(last) || BYTES.has(last));
}

/** Numbers that a person would choose: 300, 4096. A counter is such a number only by chance. */
function isRound(value: number): boolean {
  return value % 50 === 0 || (value >= 16 && Number.isInteger(Math.log2(value)));
}

/**
 * The owner's present size in the units of this limit; null if it counts entries, or does not show it. For a plain `max`
 * that is its `length` or `size`, for `maxSize` or `maxBytes` also its `calculatedSize`.
 */
function presentFigure(
  { snapshot }: TracedHeap,
  { node }: Place,
  limitName: string,
  limitWords: readonly string[],
  { each, limit }: { readonly each: number; readonly limit: number },
): number | null {
  const about = aboutOf(limitWords);
  const isOfSize = about.some((word) => SIZES.has(word) || BYTES.has(word));
  if (!isOfSize && about.length > 0) return null;
  for (const [name, value] of numbersOf(snapshot, node)) {
    const words = wordsOf(name);
    if (name === limitName || words.length > (isOfSize ? 2 : 1)) continue;
    if (!words.every((word) => FIGURES.has(word)) || value > limit * CLEARLY) continue;
    if (value > each * OWN_UNITS || words.some((word) => BYTES.has(word))) return value;
  }
  return null;
}

/** Whether the limit belongs to another collection next to this one: by its name, or since that one has reached it. */
function isTaken(
  { snapshot }: TracedHeap,
  levels: readonly OwnerLevel[],
  { node }: Place,
  { subjects }: Grown,
  { name, fill }: Found,
  value: number,
): boolean {
  const held = new Set(levels.flatMap(({ objects }) => objects));
  const about = aboutOf(wordsOf(name)).filter((word) => !SIZES.has(word) && !COUNTED.has(word));
  const isOurs = about.some((word) => subjects.has(word));
  for (const [field, to] of fieldsOf(snapshot, node)) {
    if (held.has(to)) continue;
    const entries = entriesOf(snapshot, to);
    if (entries === 0) continue;
    if (!isOurs && wordsOf(field).some((word) => about.includes(word))) return true;
    if (fill < 1 / CLEARLY && Math.abs(entries - value) <= OVERSHOOT) return true;
  }
  return false;
}

/**
 * The slots of an array that was set up with all of them: those behind its last element are `undefined`. It is the
 * collection itself, or an array next to it that is filled as far.
 */
function findSlots(
  { snapshot }: TracedHeap,
  levels: readonly OwnerLevel[],
  places: readonly Place[],
  { count }: Grown,
): Found | null {
  const holders = (levels[0]?.objects ?? []).slice(0, 1).map((node) => ['length', node] as const);
  const beside = places
    .filter(({ node, near }) => near && tableOf(snapshot, node) < 0)
    .flatMap(({ node }) => [...fieldsOf(snapshot, node)]);
  // Several holders need not be set up alike.
  if (levels.some(({ instances }) => instances !== 1)) return null;
  for (const [name, node] of [...holders, ...beside]) {
    const { total, filled, free } = slotsOf(snapshot, node);
    const isSampled = snapshot.sampled?.has(node) === true;
    if (free < MIN_FREE || total < count || isDataKey(name)) continue;
    if (isSampled || Math.abs(filled - count) <= OVERSHOOT)
      return { source: 'slots', name: plainName(name), limit: total, unit: 'entries', fill: count / total };
  }
  return null;
}
