/**
 * Signs that members are removed after some time: a lifetime near the collection (owner-place.ts says how near), or an end
 * that the members carry themselves. The oldest members show whether it works: if one ended long ago and is still there, it
 * was not removed. An end is a point in time, or a beginning and a lifetime; a Date of Node 24 and later cannot be read.
 * One-shot timers are removed by themselves when their time has come.
 */

import { TIMERS_LIST } from '../../mechanisms/path-names.js';
import { isDataKey } from '../growth/dictionary.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { TIMER } from '../growth/timer-callback.js';
import { dateOf, fieldsOf, numberOf, numbersOf } from '../members/number-field.js';
import { delayOf, type TimerCaptures } from '../members/timer-capture.js';
import type { Expiry } from './limit.js';
import { plainName, stems, Units, wordsOf } from './name-words.js';
import type { Place } from './owner-place.js';

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
/** Longer numbers are no lifetimes. */
const MAX_LIFETIME_MS = 366 * DAY_MS;
/** Numbers further away than this from the time of the capture are no points in time. */
const MAX_DISTANCE_MS = 10 * 366 * DAY_MS;
/** A lifetime that may be another collection's must be shorter than this. */
const SOON_MS = 60 * SECOND_MS;
/** Without a unit in its name, a lifetime from here on is in milliseconds, a shorter one in seconds. */
const LEAST_MS = 1000;

const UNITS = new Units({
  'ms msec milli millis millisecond': 1,
  'sec second s std': SECOND_MS,
  'min mins minute': 60 * SECOND_MS,
  hour: 3600 * SECOND_MS,
  day: DAY_MS,
});
/** Words that mark the name of a lifetime. */
const LIVES = stems('ttl lifetime lifespan expire expires expiry expiration expiring retention');
/** Words that do so together. */
const PAIRS =
  `max age, time live, session timeout, idle timeout, idle time, inactivity timeout, entry timeout, cache timeout,
  cache time, gc time, evict after, remove after, delete after, keep for`
    .split(',')
    .map((pair) => [...stems(pair)]);
/** How often, or by how much, rather than how long. */
const OTHERS = stems(
  'check period interval resolution jitter skew grace min minimum sweep purge auto count size every refresh leeway',
);
/** Names of the interval at which members that ended are removed: `checkperiod`, `cleanupIntervalMs`, `PRUNE_EVERY`. */
const SWEEPS = /check|clean|sweep|prun|purg|reap|evict|expir|collect|vacuum|gc/i;
const INTERVALS = /interval|period|every|frequency/i;
/** Other words in such a name that do not change its meaning. */
const NEUTRAL = stems(
  'max default in after of the to for time entry item key value cache cached store idle timeout n age live keep gc evict remove delete window',
);

/** Names of points in time at which a member ends; the rest of the name may say `at`, `date`, `time`. */
const ENDS = stems(
  'expire expires expired expiry expiration expiring deadline until ttl evict dead dies death',
);
const AT = stems(
  'at date time timestamp ts ms sec second s valid valid until on in cookie original is absolute value',
);
const RESET = stems('reset');
/** Names of points in time from which a lifetime is counted. */
const BEGINNINGS = stems(
  'created create creation added inserted insert stored cached fetched last accessed access used use touched touch seen updated start started born timestamp now since',
);
const LAST = stems('last');
const LATEST = stems(
  'at access accessed used use touch touched seen active activity update updated hit time date on timestamp ts ms',
);
/** Parts of a member in which it may keep its end. */
const PARTS = /^(?:cookie|meta|metadata|options|info|session)$/i;

const KEPT_TIMER = /^[#_]*(?:\w*(?:timer|timeout)\w*|handle)$/i;
const TIMEOUT = 'timer';

/** A member's end counts when it is one of the first quarter: some may be kept on purpose. */
const QUARTER = 4;

/** Some entries of the growing collection, keys and values. */
export interface Entries {
  readonly oldest: readonly number[];
  readonly newest: readonly number[];
}

/** `subjects`: what the collection and its owner are about. */
export function findExpiry(
  heap: TracedHeap,
  places: readonly Place[],
  subjects: ReadonlySet<string>,
  { oldest, newest }: Entries,
  timers: TimerCaptures,
  capturedAtMs: number,
): Expiry | null {
  const own = lifetimeAmong(heap, places, subjects);
  const sweepMs = sweepAmong(heap, places);
  const known = { lifetimeMs: own?.lifetimeMs ?? null, isSwept: sweepMs !== null };
  const objects = oldest.filter((node) => heap.classes.of(node) !== 'string');
  const ends = objects
    .map((member) => endOf(heap, member, known, capturedAtMs))
    .filter((end) => end !== null)
    .sort(
      (a, b) => (a.oldestEndMs ?? Number.POSITIVE_INFINITY) - (b.oldestEndMs ?? Number.POSITIVE_INFINITY),
    );
  // Where only some end, the others may stay.
  const end = ends.length * 2 > objects.length ? ends[Math.floor((ends.length - 1) / QUARTER)] : undefined;
  const delayMs = timers.delayOfMost(newest);
  const name = own?.name ?? (end === undefined ? (delayMs === null ? null : TIMEOUT) : end.name);
  if (name === null) return null;
  return {
    name,
    lifetimeMs: own?.lifetimeMs ?? end?.lifetimeMs ?? delayMs,
    oldestEndMs: end?.oldestEndMs ?? null,
    ...(sweepMs === null ? {} : { sweepMs }),
  };
}

interface Lifetime {
  readonly name: string;
  readonly lifetimeMs: number;
}

/** Numbers of all places that may be times, those of the nearest places first. */
function* timesAmong({ snapshot, classes }: TracedHeap, places: readonly Place[]) {
  for (const place of places.toSorted((a, b) => Number(b.near) - Number(a.near))) {
    // When Node will look at the list next.
    if (classes.of(place.node) === TIMERS_LIST) continue;
    for (const [name, value] of numbersOf(snapshot, place.node)) {
      const words = wordsOf(name);
      const lifetimeMs = isDataKey(name) ? null : lifetimeOf(words, value);
      if (lifetimeMs !== null) yield { ...place, name: plainName(name), words, lifetimeMs };
    }
  }
}

function lifetimeAmong(
  heap: TracedHeap,
  places: readonly Place[],
  subjects: ReadonlySet<string>,
): Lifetime | null {
  for (const { name, words, lifetimeMs, near, shared } of timesAmong(heap, places)) {
    if (!isLifetimeName(words)) continue;
    if (near) return { name, lifetimeMs };
    const isAbout = words.some((word) => !LIVES.has(word) && subjects.has(word));
    if (shared && !isAbout && lifetimeMs > SOON_MS) continue;
    if (words.every((word) => isCommon(word) || subjects.has(word))) return { name, lifetimeMs };
  }
  return null;
}

function sweepAmong(heap: TracedHeap, places: readonly Place[]): number | null {
  for (const { name, lifetimeMs } of timesAmong(heap, places))
    if (SWEEPS.test(name) && INTERVALS.test(name)) return lifetimeMs;
  return null;
}

const isCommon = (word: string) => LIVES.has(word) || UNITS.has(word) || NEUTRAL.has(word);

function isLifetimeName(words: readonly string[]): boolean {
  // `min` is a unit at the end of a name, and the contrary of `max` before.
  if (words.some((word, at) => OTHERS.has(word) && !(word === 'min' && at === words.length - 1)))
    return false;
  if (words.some((word) => LIVES.has(word))) return true;
  // Rate limiters forget what happened before their window.
  if (words.includes('window') && UNITS.has(words.at(-1) ?? '')) return true;
  return PAIRS.some((pair) => pair.every((word) => words.includes(word)));
}

/** Null if it is not a lifetime: 0, a point in time, a number beyond all reason. */
function lifetimeOf(words: readonly string[], value: number): number | null {
  const lifetimeMs = value * (UNITS.among(words) ?? (value >= LEAST_MS ? 1 : SECOND_MS));
  return lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS ? lifetimeMs : null;
}

/** When a member ends, by its own fields; null if it has no such field. */
function endOf(
  heap: TracedHeap,
  member: number,
  owner: { readonly lifetimeMs: number | null; readonly isSwept: boolean },
  capturedAtMs: number,
): Expiry | null {
  let beginMs: number | null = null;
  let lifetime = timeoutOf(heap, member);
  let lastUseMs: number | null = null;
  let unnamedMs: number | null = null;
  let unnamed = '';
  for (const [name, value] of momentsOf(heap.snapshot, member)) {
    const words = wordsOf(name);
    if (isDataKey(name)) continue;
    const atMs = pointInTime(value, capturedAtMs);
    if (atMs !== null) {
      if (isEndName(words)) return { name: plainName(name), lifetimeMs: null, oldestEndMs: atMs };
      if (isLatestName(words)) lastUseMs = Math.max(lastUseMs ?? 0, atMs);
      else if (isBeginName(words)) beginMs = Math.max(beginMs ?? 0, atMs);
      else if (atMs > (unnamedMs ?? 0)) [unnamed, unnamedMs] = [plainName(name), atMs];
    } else if (lifetime === null && isLifetimeName(words)) {
      const lifetimeMs = lifetimeOf(words, value);
      if (lifetimeMs !== null) lifetime = { name: plainName(name), lifetimeMs };
    }
  }
  const lifetimeMs = lifetime?.lifetimeMs ?? owner.lifetimeMs;
  // A point in time without a meaning in its name counts as an end if it is in the future.
  const isEnd = unnamedMs !== null && unnamedMs > capturedAtMs;
  if (lifetime === null && (owner.lifetimeMs !== null || owner.isSwept) && beginMs === null && isEnd)
    return { name: unnamed, lifetimeMs, oldestEndMs: unnamedMs };
  const fromMs = lastUseMs ?? beginMs ?? unnamedMs;
  if (lifetimeMs === null || (lifetime === null && fromMs === null)) return null;
  return {
    name: lifetime?.name ?? '',
    lifetimeMs,
    oldestEndMs: fromMs === null ? null : fromMs + lifetimeMs,
  };
}

/** When a one-shot timer ends, be it the member or one that the member keeps; null if there is none. */
function timeoutOf({ snapshot, classes }: TracedHeap, member: number): Lifetime | null {
  const isTimer = ([name, node]: readonly [string, number]) =>
    KEPT_TIMER.test(name) && classes.of(node) === TIMER;
  const kept = [[TIMEOUT, member] as const, ...fieldsOf(snapshot, member)].find(isTimer);
  const lifetimeMs = kept === undefined ? null : delayOf(snapshot, kept[1]);
  return lifetimeMs === null || lifetimeMs > MAX_LIFETIME_MS ? null : { name: TIMEOUT, lifetimeMs };
}

/** Numbers and Dates of a member and, if `andParts`, of its parts. */
function* momentsOf(
  snapshot: TracedHeap['snapshot'],
  member: number,
  andParts = true,
): Generator<readonly [string, number]> {
  for (const [name, to] of fieldsOf(snapshot, member)) {
    const value = numberOf(snapshot, to) ?? dateOf(snapshot, to);
    if (value !== null) yield [name, value];
    else if (andParts && PARTS.test(plainName(name))) yield* momentsOf(snapshot, to, false);
  }
}

/** Whether a name speaks of `subject`, and of nothing but that and `more`. */
const isOnly = (words: readonly string[], subject: ReadonlySet<string>, more: ReadonlySet<string>) =>
  words.some((word) => subject.has(word)) && words.every((word) => subject.has(word) || more.has(word));

const isEndName = (words: readonly string[]) => isOnly(words, ENDS, AT) || isOnly(words, RESET, AT);
const isLatestName = (words: readonly string[]) => isOnly(words, LAST, LATEST);
const isBeginName = (words: readonly string[]) => isOnly(words, BEGINNINGS, AT);

/** Milliseconds or seconds since the epoch, as milliseconds; null for a number that is far from the present as either. */
function pointInTime(value: number, capturedAtMs: number): number | null {
  for (const atMs of [value, value * SECOND_MS]) {
    if (Math.abs(atMs - capturedAtMs) <= MAX_DISTANCE_MS && atMs > DAY_MS) return atMs;
  }
  return null;
}
