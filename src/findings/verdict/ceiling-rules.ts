/** Limits that end growth: a bound, an expiry, GCs that have not happened yet. */
import type { Bound } from '../../heap/limits/limit.js';
import type { GrowthStep } from '../../heap/suspects/suspect.js';
import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import type { PathFacts } from './path-facts.js';
import { holdsBack, type Rule, type Ruling, supports } from './rule.js';

/** A limit in bytes is scaled to what the heap needs for them, which is an estimate of this accuracy. */
const SAME_BYTES = 2;
/** V8's default limit on a large host: a level beyond it is never reached. */
const LARGEST_HEAP_BYTES = 4 * 2 ** 30;
/** Members go somewhat later than they should: sweepers run at intervals. */
const EXPIRY_GRACE = 0.25;
const MIN_GRACE_MS = 30_000;
/** How far a collection may exceed its limit while a member is added before another is removed. */
const OVERSHOOT = 1;
/** A program that removes dead references without a registry, such as by a timer, sees them dead after one full GC. */
const COLLECTIONS_TO_SWEEP = 1;
/** Callbacks of a FinalizationRegistry run after V8's own full GCs; after this many, dead references are removed. */
const COLLECTIONS_TO_CLEAN = 3;

const UNBOUNDED = supports({ rule: 'bound', says: 'none', numbers: {} });

export const bound: Rule<PathFacts> = ({ suspect, boundBefore }) => {
  const { bound: found } = suspect;
  const last = suspect.steps.at(-1);
  if (last === undefined) return null;
  if (found === null) return lostBound(boundBefore ?? null, last) ?? UNBOUNDED;
  const { limit } = found;
  const numbers = { limit, count: last.count, bytes: last.bytes };
  const facts = { rule: 'bound', bound: found, numbers } as const;
  const moves = boundBefore !== null && boundBefore !== undefined && isMoving(boundBefore, found);
  if (found.source === 'full-holders') {
    // A number of members that many holders have in common is their bound only if it does not change.
    const rises = boundBefore?.source === 'full-holders' && boundBefore.limit < limit;
    if (moves || rises) return UNBOUNDED;
  } else {
    if (moves) return supports({ ...facts, says: 'moves' });
    if ((found.unit === 'bytes' ? last.bytes : last.count) > limit)
      return supports({ ...facts, says: 'exceeded' });
  }
  const levelBytes = found.unit === 'bytes' ? limit : limit * (last.bytes / Math.max(1, last.count));
  return holdsBack({ ...facts, says: 'bounded', numbers: { ...numbers, levelBytes } });
};

/** A capture may miss what the one before it saw: a bound that was not exceeded holds once more. */
function lostBound(before: Bound | null, last: GrowthStep): Ruling | null {
  if (before === null || (before.unit === 'bytes' ? last.bytes : last.count - OVERSHOOT) > before.limit)
    return null;
  return holdsBack({ rule: 'bound', says: 'lost', numbers: { limit: before.limit }, bound: before });
}

/** Several holders have one bound each: together they may hold more as soon as there is one more of them. */
function isMoving(before: Bound, now: Bound): boolean {
  if (before.name !== now.name || before.unit !== now.unit) return false;
  const [was, is] = [eachOf(before), eachOf(now)];
  return now.unit === 'bytes' ? Math.max(was, is) > SAME_BYTES * Math.min(was, is) : Math.abs(was - is) >= 1;
}

function eachOf({ limit, holders = 1 }: Bound): number {
  return limit / holders;
}

export const expiry: Rule<PathFacts> = ({ suspect, run }) => {
  const { expiry: found } = suspect;
  if (found === null || found === undefined) return null;
  const [first, last] = [run.steps[0]!, run.steps.at(-1)!];
  const { lifetimeMs, oldestEndMs, sweepMs = 0 } = found;
  const grace = Math.max(MIN_GRACE_MS, EXPIRY_GRACE * (lifetimeMs ?? 0));
  const dueMs = Math.max(lifetimeMs === null ? 0 : first.atMs + lifetimeMs, oldestEndMs ?? 0);
  const leftMs = dueMs + sweepMs + grace - last.atMs;
  const numbers = { lifetimeMs: lifetimeMs ?? 0, sweepMs, overdueMs: -leftMs };
  const facts = { rule: 'expiry', expiry: found, numbers } as const;
  if (leftMs <= 0) return supports({ ...facts, says: 'outlived' });
  const pace = (last.bytes - first.bytes) / Math.max(1, last.atMs - first.atMs);
  const reachedBytes = last.bytes + pace * leftMs;
  return reachedBytes > LARGEST_HEAP_BYTES
    ? supports({ ...facts, says: 'too-far', numbers: { ...numbers, reachedBytes } })
    : holdsBack({ ...facts, says: 'waits' });
};

/** A forked copy runs a GC, but no finalization callbacks: entries of dead objects are still there. */
export const weakReferences: Rule<PathFacts> = ({ suspect, run, history }) => {
  if (suspect.mechanism == null || MECHANISMS[suspect.mechanism].goneAfterFullGcs !== true) return null;
  const [from, to] = [history.at(run.steps[0]!), history.at(run.steps.at(-1)!)];
  const majorCollections = from === null || to === null ? 0 : to.majorCollections - from.majorCollections;
  const needed = suspect.finalized === false ? COLLECTIONS_TO_SWEEP : COLLECTIONS_TO_CLEAN;
  const missing = needed - majorCollections;
  const facts = { rule: 'weak-references', numbers: { majorCollections } } as const;
  return missing <= 0
    ? supports({ ...facts, says: 'kept' })
    : holdsBack({ ...facts, says: 'waits', missing });
};
