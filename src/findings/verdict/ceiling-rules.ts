/** What ends growth by itself: a bound, an expiry, collections that have not happened yet. */
import type { Bound } from '../../heap/limits/limit.js';
import type { GrowthStep } from '../../heap/suspects/suspect.js';
import { formatBytes, formatCount, formatDuration, plural } from '../../runtime/units.js';
import { contextAt } from './growth-run.js';
import { type Case, holdsBack, type Rule, type Ruling, speaksFor } from './rule.js';

/** A limit in bytes is scaled to what the heap needs for them, which is an estimate of this accuracy. */
const SAME_BYTES = 2;
/** V8's default limit on a large host: a level beyond it is never reached. */
const LARGEST_HEAP_BYTES = 4 * 2 ** 30;
/** Members go somewhat later than they should: sweepers run at intervals. */
const EXPIRY_GRACE = 0.25;
const MIN_GRACE_MS = 30_000;
/** A number beyond the limit that a collection may have while one is put in before another is taken out. */
const OVERSHOOT = 1;
/** Who takes dead ones out without a registry, such as by a timer, sees them dead after one. */
const COLLECTIONS_TO_SWEEP = 1;
/** Callbacks of a FinalizationRegistry run after V8's own full collections; after so many the dead ones are out. */
const COLLECTIONS_TO_CLEAN = 3;

const UNBOUNDED = speaksFor('bound', 'no bound found on its owner');

export const bound: Rule = ({ suspect, boundBefore }) => {
  const { bound: found } = suspect;
  const last = suspect.steps.at(-1);
  if (last === undefined) return null;
  if (found === null) return lostBound(boundBefore ?? null, last) ?? UNBOUNDED;
  const moves = boundBefore !== null && boundBefore !== undefined && isMoving(boundBefore, found);
  if (found.source === 'full-holders') {
    const rises = boundBefore?.source === 'full-holders' && boundBefore.limit < found.limit;
    return moves || rises ? UNBOUNDED : fullHolders(found, last);
  }
  const numbers = { limit: found.limit, count: last.count, bytes: last.bytes };
  const wording = `'${found.name}' = ${formatCount(found.limit)}`;
  if (moves) return speaksFor('bound', `${wording} changes as it grows, which is no bound`, numbers);
  if ((found.unit === 'bytes' ? last.bytes : last.count) > found.limit)
    return speaksFor('bound', `went beyond ${wording} on its owner`, numbers);
  const at = found.unit === 'bytes' ? formatBytes(found.limit) : formatCount(found.limit);
  const level = `will level off at about ${formatBytes(levelBytes(found, last))}`;
  return holdsBack(
    'bound',
    `bounded at ${at} by '${found.name}': ${level}`,
    { ...numbers, levelBytes: levelBytes(found, last) },
    `growth beyond ${at}`,
  );
};

/** A bound that no number says, only those that have reached it. */
function fullHolders({ limit, holders = 1, full = 0 }: Bound, last: GrowthStep): Ruling {
  const each = limit / holders;
  const levelBytes = limit * (last.bytes / Math.max(1, last.count));
  return holdsBack(
    'bound',
    `about ${formatCount(full)} of its ${formatCount(holders)} holders stand at exactly ${formatCount(each)} and none holds more: it will level off at about ${formatBytes(levelBytes)}`,
    { limit, count: last.count, bytes: last.bytes, levelBytes },
    `holders with more than ${formatCount(each)} each`,
  );
}

/** A capture may miss what the one before it saw: one that was not broken holds once more. */
function lostBound(before: Bound | null, last: GrowthStep): Ruling | null {
  if (before === null || (before.unit === 'bytes' ? last.bytes : last.count - OVERSHOOT) > before.limit)
    return null;
  const until = 'the bound is not found at the next capture either';
  return holdsBack(
    'bound',
    before.source !== 'full-holders'
      ? `bounded by '${before.name}' at the capture before`
      : 'its holders stood at one number at the capture before',
    { limit: before.limit },
    until,
  );
}

/** Of several holders each has its own: together they may hold more as soon as there is one more of them. */
function isMoving(before: Bound, now: Bound): boolean {
  if (before.name !== now.name || before.unit !== now.unit) return false;
  const [was, is] = [eachOf(before), eachOf(now)];
  return now.unit === 'bytes' ? Math.max(was, is) > SAME_BYTES * Math.min(was, is) : Math.abs(was - is) >= 1;
}

function eachOf({ limit, holders = 1 }: Bound): number {
  return limit / holders;
}

function levelBytes({ limit, unit }: Bound, { bytes, count: members }: GrowthStep): number {
  return unit === 'bytes' ? limit : limit * (bytes / Math.max(1, members));
}

export const expiry: Rule = ({ suspect, run }) => {
  const { expiry: found } = suspect;
  if (found === null || found === undefined) return null;
  const [first, last] = [run.steps[0]!, run.steps.at(-1)!];
  const { lifetimeMs, oldestEndMs, sweepMs = 0 } = found;
  const grace = Math.max(MIN_GRACE_MS, EXPIRY_GRACE * (lifetimeMs ?? 0));
  const dueMs = Math.max(lifetimeMs === null ? 0 : first.atMs + lifetimeMs, oldestEndMs ?? 0);
  const leftMs = dueMs + sweepMs + grace - last.atMs;
  const ends =
    lifetimeMs === null
      ? `'${found.name}' says when they end`
      : `they live for ${formatDuration(lifetimeMs / 1000)}`;
  const lives = sweepMs === 0 ? ends : `${ends}, and are removed every ${formatDuration(sweepMs / 1000)}`;
  const numbers = { lifetimeMs: lifetimeMs ?? 0, sweepMs, overdueMs: -leftMs };
  if (leftMs <= 0) {
    // That the oldest is still there is known only where it says so itself.
    const outlived =
      oldestEndMs === null ? 'it has grown for longer than that' : 'the oldest is long past its end';
    return speaksFor('expiry', `${lives} ('${found.name}'), but ${outlived}`, numbers);
  }
  const pace = (last.bytes - first.bytes) / Math.max(1, last.atMs - first.atMs);
  const reached = last.bytes + pace * leftMs;
  if (reached > LARGEST_HEAP_BYTES) {
    const tooMuch = `at the present pace it would hold ${formatBytes(reached)} before that`;
    return speaksFor('expiry', `${lives} ('${found.name}'), but ${tooMuch}`, {
      ...numbers,
      reachedBytes: reached,
    });
  }
  const until = `growth that goes on for ${formatDuration(leftMs / 1000)} more`;
  return holdsBack('expiry', `${lives}: it should level off after that`, numbers, until);
};

/** A forked copy collects, but callbacks of finalization have not run in it: entries of dead objects are still there. */
export const weakReferences: Rule = ({ suspect, run, history }) => {
  if (suspect.mechanism !== 'weak references') return null;
  const collections = collectionsDuring(run.steps, history);
  const numbers = { majorCollections: collections };
  const needed = suspect.finalized === false ? COLLECTIONS_TO_SWEEP : COLLECTIONS_TO_CLEAN;
  const left = needed - collections;
  if (left <= 0)
    return speaksFor(
      'weak-references',
      `${plural(collections, 'full collection')} did not clear them`,
      numbers,
    );
  const until = `${plural(left, 'more full collection')} by V8 itself`;
  return holdsBack(
    'weak-references',
    `weak references, which go only after V8 collected fully`,
    numbers,
    until,
  );
};

function collectionsDuring(steps: readonly GrowthStep[], history: Case['history']): number {
  const [from, to] = [contextAt(steps[0]!, history), contextAt(steps.at(-1)!, history)];
  return from === null || to === null ? 0 : to.majorCollections - from.majorCollections;
}
