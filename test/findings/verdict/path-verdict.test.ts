import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EvidenceRule } from '../../../src/findings/finding.js';
import { type CaptureContext, CaptureHistory } from '../../../src/findings/verdict/capture-history.js';
import { judgeSuspect, type PathVerdict } from '../../../src/findings/verdict/path-verdict.js';
import type { Bound, Expiry } from '../../../src/heap/limits/limit.js';
import type { Suspect } from '../../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../../src/pace/pace.js';
import { suspectWith } from '../../support/suspect.js';

const FAST = PACE_RULES.fast.finding;
const PRODUCTION = PACE_RULES.production.finding;
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000];

function judge(
  counts: readonly number[],
  change: Partial<Suspect> = {},
  contexts: readonly CaptureContext[] = [],
  boundBefore?: Bound | null,
): PathVerdict {
  const history = new CaptureHistory(contexts);
  return judgeSuspect(suspectWith(counts, change), { rules: FAST, history, boundBefore });
}

function status(counts: readonly number[], change: Partial<Suspect> = {}): string {
  return judge(counts, change).status;
}

/** One context for each of the captures, in the order of their steps. */
function contextsOf(counts: readonly number[], at: (i: number) => Partial<CaptureContext>): CaptureContext[] {
  return suspectWith(counts).steps.map(({ atMs }, i) => ({
    atMs,
    requests: 0,
    openSockets: null,
    majorCollections: 0,
    ...at(i),
  }));
}

/** The rules that hold it back. */
function against({ reasons }: PathVerdict): EvidenceRule[] {
  return reasons.filter(({ speaksFor }) => !speaksFor).map(({ rule }) => rule);
}

/** What one rule says, with its numbers and whatever else it names. */
function reasonOf({ reasons }: PathVerdict, rule: EvidenceRule): Readonly<Record<string, unknown>> {
  const { numbers, ...reason } = reasons.find((one) => one.rule === rule)!;
  return { ...numbers, ...reason };
}

describe('The verdict on a path', () => {
  it('is suspected at three growing captures and confirmed at six, at the fast pace', () => {
    assert.equal(status(STEADY.slice(0, 2)), 'early');
    assert.equal(status(STEADY.slice(0, 3)), 'suspected');
    assert.equal(status(STEADY.slice(0, 5)), 'suspected');
    assert.equal(status(STEADY), 'confirmed');
  });

  it('needs one capture fewer where they lie far apart, as on a busy machine', () => {
    const steps = suspectWith(STEADY.slice(0, 5)).steps;
    const apart = (ms: number) => steps.map((step, i) => ({ ...step, atMs: i * ms }));
    assert.equal(status(STEADY.slice(0, 5), { steps: apart(24_000) }), 'suspected');
    assert.equal(status(STEADY.slice(0, 5), { steps: apart(25_000) }), 'confirmed');
    assert.equal(status(STEADY.slice(0, 4), { steps: apart(90_000).slice(0, 4) }), 'suspected');
  });

  it('is never confirmed before ten minutes at the production pace', () => {
    const suspect = suspectWith([...STEADY, 7000, 8000]);
    const verdict = judgeSuspect(suspect, {
      rules: PRODUCTION,
      history: new CaptureHistory(),
      boundBefore: null,
    });
    assert.equal(verdict.status, 'suspected');
    const { spanMs, neededMs } = reasonOf(verdict, 'duration');
    assert.deepEqual([spanMs, neededMs], [70_000, 600_000]);
  });

  it('says which captures it is built on, and how many are missing', () => {
    assert.deepEqual(judge(STEADY.slice(0, 4)).reasons[0], {
      rule: 'persistence',
      says: 'grew',
      numbers: { observations: 4, spanMs: 30_000, stillCaptures: 0 },
      missing: 2,
      speaksFor: true,
    });
    assert.equal(reasonOf(judge(STEADY), 'persistence')['missing'], 0);
  });

  it('counts from the latest capture at which members left', () => {
    assert.equal(status([1000, 2000, 3000, 2900, 3900, 4900]), 'suspected');
    assert.equal(status([1000, 2000, 3000, 4000, 4000]), 'healthy');
  });

  it('forgives that it stood still now and then, as a leak in batches does, but not for long', () => {
    assert.equal(status([1000, 2000, 3000, 3000, 4000, 5000]), 'suspected');
    assert.equal(status([1000, 2000, 3000, 3000, 4000, 5000, 6000]), 'confirmed');
    const paused = judge([1000, 2000, 2000, 3000, 4000]);
    const { observations, stillCaptures } = reasonOf(paused, 'persistence');
    assert.deepEqual([observations, stillCaptures, paused.inBatches], [4, 1, true]);
    assert.equal(status([1000, 2000, 3000, 3000, 3000, 3000, 4000, 5000, 6000]), 'suspected');
  });

  it('is healthy while it holds no more than it did before, and suspected until it holds clearly more', () => {
    assert.equal(status([9000, 1000, 2000, 3000, 4000, 5000, 6000]), 'healthy');
    assert.deepEqual(against(judge([5000, 1000, 2000, 3000, 4000, 5000, 6000])), ['past-peak']);
    assert.equal(status([5000, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]), 'confirmed');
  });

  it('is healthy when the growth is not material', () => {
    const why = ({ status: is, dismissed }: PathVerdict) => [is, dismissed];
    assert.deepEqual(why(judge([1, 2, 3, 4, 5])), ['healthy', 'small-amount']);
    assert.deepEqual(why(judge(STEADY, { shareOfGrowth: 0.05 })), ['healthy', 'small-share']);
  });

  it('is suspected at most while it gained less than 2 MB, whatever its first step brought', () => {
    const little = judge([200, 400, 600, 800, 1000, 1200]);
    assert.deepEqual(against(little), ['amount']);
    assert.deepEqual(against(judge([0, 4000, 4100, 4200, 4300, 4400, 4500])), ['amount']);
  });

  it('counts handles instead of bytes', () => {
    const few = [40, 80, 120, 160, 200, 239];
    const many = [40, 80, 120, 160, 200, 241];
    assert.equal(status(few, { mechanism: 'timers', shareOfGrowth: 0.02 }), 'suspected');
    assert.equal(status(many, { mechanism: 'timers', shareOfGrowth: 0.02 }), 'confirmed');
    assert.equal(status(many, { shareOfGrowth: 0.2 }), 'suspected');
  });

  it('counts worker threads and processes by tens, since most of what they cost is outside the heap', () => {
    const threads = [4, 8, 12, 16, 20, 24];
    const small = (counts: readonly number[]) =>
      suspectWith(counts).steps.map((step) => ({ ...step, bytes: step.count }));
    const of = (mechanism: Suspect['mechanism'], counts: readonly number[]) =>
      status(counts, { mechanism: mechanism ?? null, shareOfGrowth: 0.002, steps: small(counts) });
    assert.equal(of('worker threads', threads), 'confirmed');
    assert.equal(of('child processes', threads), 'confirmed');
    assert.equal(of('worker threads', [4, 7, 10, 13, 16, 18]), 'suspected');
    assert.equal(of('worker threads', [4, 7, 10]), 'early');
    assert.equal(of('sockets', threads), 'healthy');
  });

  it("is healthy when the growth is V8's own", () => {
    assert.equal(status(STEADY, { artefact: 'v8-memory' }), 'healthy');
  });

  it('is not suspected while the growth slows down much, and not confirmed while it slows down', () => {
    assert.equal(status([0, 4000, 7000, 9000, 9800, 10_000]), 'early');
    assert.deepEqual(against(judge([0, 1000, 1950, 2850, 3700, 4500])), ['levelling-off']);
    assert.equal(status([0, 1000, 1900, 2900, 3800, 4700]), 'confirmed');
  });

  it('gives rates of the growing part alone', () => {
    const { objectsPerSecond, bytesPerSecond } = judge([2500, 1000, 2000, 3000]);
    assert.equal(objectsPerSecond, 100);
    assert.equal(bytesPerSecond, 200_000);
  });

  it('never confirms what lost members at one of the latest captures', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 12 }),
        (counts) => {
          const latest = counts.slice(-FAST.confirmObservations);
          const kept =
            latest.length === FAST.confirmObservations &&
            latest.every((count, i) => i === 0 || count >= latest[i - 1]!);
          if (!kept) assert.notEqual(status(counts), 'confirmed');
        },
      ),
    );
  });
});

describe('A bound that full holders show', () => {
  const of = (each: number): Bound => ({
    source: 'full-holders',
    name: null,
    limit: 60 * each,
    unit: 'entries',
    holders: 60,
    full: 12,
  });

  it('holds back while it stands still, and says at what', () => {
    for (const before of [null, of(200)]) {
      const bounded = judge(STEADY, { bound: of(200) }, [], before);
      assert.deepEqual(against(bounded), ['bound']);
      const { says, levelBytes } = reasonOf(bounded, 'bound');
      assert.deepEqual([says, levelBytes], ['bounded', 60 * 200 * 2000]);
    }
  });

  it('is none when they hold more at the next capture', () => {
    const even = judge(STEADY, { bound: of(200) }, [], of(190));
    assert.equal(even.status, 'confirmed');
    assert.equal(reasonOf(even, 'bound')['says'], 'none');
  });

  it('is none when there are more of them: a list of chunks grows by chunks', () => {
    const more = { ...of(200), limit: 61 * 200, holders: 61 };
    assert.equal(judge(STEADY, { bound: more }, [], of(200)).status, 'confirmed');
  });

  it('holds back once more when the next capture does not show it', () => {
    const missed = judge(STEADY, {}, [], of(200));
    assert.deepEqual([missed.status, reasonOf(missed, 'bound')['says']], ['suspected', 'lost']);
  });
});

describe('A bound on the owner', () => {
  const bound: Bound = { source: 'setting', name: 'max', limit: 10_000, unit: 'entries' };

  it('leaves it suspected below, with the level it leads to', () => {
    const bounded = judge(STEADY, { bound });
    assert.deepEqual(against(bounded), ['bound']);
    const { says, limit, levelBytes } = reasonOf(bounded, 'bound');
    assert.deepEqual([says, limit, levelBytes], ['bounded', 10_000, 20e6]);
  });

  it('counts bytes where it is one of bytes', () => {
    const inBytes = judge(STEADY, {
      bound: { source: 'setting', name: 'maxBytes', limit: 30e6, unit: 'bytes' },
    });
    assert.equal(reasonOf(inBytes, 'bound')['levelBytes'], 30e6);
    assert.equal(
      status(STEADY, { bound: { source: 'setting', name: 'maxBytes', limit: 10e6, unit: 'bytes' } }),
      'confirmed',
    );
  });

  it('is none once it is exceeded, or when it moves', () => {
    assert.equal(status(STEADY, { bound: { ...bound, limit: 3000 } }), 'confirmed');
    assert.equal(judge(STEADY, { bound }, [], { ...bound, limit: 8000 }).status, 'confirmed');
    assert.equal(judge(STEADY, { bound }, [], { ...bound }).status, 'suspected');
  });

  it('does not move because what it allows in the heap is estimated a little otherwise', () => {
    const inBytes: Bound = { source: 'setting', name: 'maxSize', limit: 30e6, unit: 'bytes' };
    const after = (limit: number) => judge(STEADY, { bound: inBytes }, [], { ...inBytes, limit }).status;
    assert.deepEqual([16e6, 29e6, 55e6].map(after), ['suspected', 'suspected', 'suspected']);
    assert.equal(after(10e6), 'confirmed');
  });

  it('does not move because what it allows in the heap is estimated at half or twice as much', () => {
    const of = (limit: number): Bound => ({ source: 'setting', name: 'maxSize', limit, unit: 'bytes' });
    assert.equal(judge(STEADY, { bound: of(80e6) }, [], of(160e6)).status, 'suspected');
    assert.equal(judge(STEADY, { bound: of(160e6) }, [], of(80e6)).status, 'suspected');
    assert.equal(judge(STEADY, { bound: of(170e6) }, [], of(80e6)).status, 'confirmed');
  });

  it('holds back once more where a capture does not find it, unless it was exceeded', () => {
    const missed = judge(STEADY, {}, [], { ...bound, limit: 6000 });
    assert.deepEqual([missed.status, against(missed)], ['suspected', ['bound']]);
    assert.equal(reasonOf(missed, 'bound')['says'], 'lost');
    assert.equal(judge(STEADY, {}, [], { ...bound, limit: 5998 }).status, 'confirmed');
    assert.equal(
      judge(STEADY, {}, [], { source: 'setting', name: 'maxBytes', limit: 12e6, unit: 'bytes' }).status,
      'suspected',
    );
    assert.equal(
      judge(STEADY, {}, [], { source: 'setting', name: 'maxBytes', limit: 11e6, unit: 'bytes' }).status,
      'confirmed',
    );
    assert.equal(judge(STEADY, {}, [], null).status, 'confirmed');
  });

  it('does not move because one more holder has the same', () => {
    const of = (holders: number, each: number): Bound => ({ ...bound, limit: holders * each, holders });
    assert.equal(judge(STEADY, { bound: of(11, 1000) }, [], of(10, 1000)).status, 'suspected');
    assert.equal(judge(STEADY, { bound: of(21, 1000) }, [], of(20, 1000)).status, 'suspected');
    assert.equal(judge(STEADY, { bound: of(11, 1000) }, [], of(11, 900)).status, 'confirmed');
  });
});

describe('An expiry on the owner', () => {
  const began = suspectWith(STEADY).steps[0]!.atMs;
  const expiry: Expiry = { name: 'ttl', lifetimeMs: 60_000, oldestEndMs: null };
  const counts = (length: number) => Array.from({ length }, (_, i) => (i + 1) * 1000);

  it('leaves it suspected until members must have gone', () => {
    const verdict = judge(STEADY, { expiry });
    assert.deepEqual(against(verdict), ['expiry']);
    assert.equal(reasonOf(verdict, 'expiry')['says'], 'waits');
    assert.equal(status(counts(10), { expiry }), 'confirmed');
  });

  it('waits for the next time that members are removed, where the owner says how often that is', () => {
    const swept = { ...expiry, sweepMs: 120_000 };
    assert.equal(reasonOf(judge(STEADY, { expiry: swept }), 'expiry')['sweepMs'], 120_000);
    assert.equal(status(counts(12), { expiry: swept }), 'suspected');
    assert.equal(status(counts(24), { expiry: swept }), 'confirmed');
  });

  it('holds while the oldest member has not come to its end, and speaks for a leak when it is long past it', () => {
    const ends = (oldestEndMs: number) => judge(counts(12), { expiry: { ...expiry, oldestEndMs } });
    assert.equal(ends(began + 200_000).status, 'suspected');
    const outlived = ends(began + 20_000);
    assert.equal(outlived.status, 'confirmed');
    assert.equal(reasonOf(outlived, 'expiry')['says'], 'outlived');
  });

  it('that lies so far away that no heap holds what comes before it speaks for a leak', () => {
    const hours = (count: number) => ({
      ...expiry,
      lifetimeMs: null,
      oldestEndMs: began + count * 3_600_000,
    });
    assert.equal(judge(STEADY, { expiry: hours(5) }).status, 'suspected');
    const never = judge(STEADY, { expiry: hours(30 * 24) });
    assert.equal(never.status, 'confirmed');
    const { says, reachedBytes } = reasonOf(never, 'expiry');
    assert.equal(says, 'too-far');
    assert.ok(Math.abs(Number(reachedBytes) / 518e9 - 1) < 0.01, `${reachedBytes}`);
  });
});

describe('Confidence', () => {
  it('is lower where something says how the growth ends than where more must be seen', () => {
    const confidence = (of: PathVerdict) => of.confidence;
    const sure = confidence(judge(STEADY));
    const early = confidence(judge(STEADY.slice(0, 4)));
    const bounded = confidence(
      judge(STEADY, { bound: { source: 'setting', name: 'max', limit: 10_000, unit: 'entries' } }),
    );
    assert.ok(sure > 0.9 && early <= 0.8 && bounded <= 0.4, `${sure}, ${early}, ${bounded}`);
  });
});

describe('Sockets', () => {
  it('must grow three times as long, since the other side has a say in how many there are', () => {
    const climbing = (captures: number) =>
      judge(
        Array.from({ length: captures }, (_, i) => 1000 * (i + 1)),
        { mechanism: 'sockets' },
      );
    const early = climbing(6);
    assert.deepEqual([early.status, against(early)], ['suspected', ['duration']]);
    assert.equal(reasonOf(early, 'duration')['mechanism'], 'sockets');
    assert.equal(climbing(18).status, 'confirmed');
  });
});

describe('The latest capture', () => {
  it('that shows little of the usual growth holds back until the next one shows it again', () => {
    const full = judge([1000, 2000, 3000, 4000, 5000, 6000, 6400]);
    assert.deepEqual([full.status, against(full)], ['suspected', ['levelling-off']]);
    const { says, paceRatio, per } = reasonOf(full, 'levelling-off');
    assert.deepEqual([says, paceRatio, per], ['latest', 0.4, 'second']);
    assert.equal(status([1000, 2000, 3000, 4000, 5000, 6000, 6400, 7400]), 'confirmed');
  });

  it('that is as slow as the one before shows a new pace, such as that of a load that fell', () => {
    const fell = judge([1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 9400, 9800]);
    assert.deepEqual(against(fell), []);
  });
});

describe('Weak references', () => {
  it('are suspected at most until V8 has run three full GCs meanwhile', () => {
    const at = (collections: number) =>
      judge(
        STEADY,
        { mechanism: 'weak references' },
        contextsOf(STEADY, (i) => ({ majorCollections: i === 0 ? 1 : 1 + collections })),
      );
    assert.deepEqual(against(judge(STEADY, { mechanism: 'weak references' })), ['weak-references']);
    assert.deepEqual(against(at(2)), ['weak-references']);
    assert.equal(at(3).status, 'confirmed');
  });

  it('need one full GC where the program has no FinalizationRegistry: a timer of its own would see them dead then', () => {
    const after = (finalized: boolean, collections: number) =>
      judge(
        STEADY,
        { mechanism: 'weak references', finalized },
        contextsOf(STEADY, (i) => ({ majorCollections: i === 0 ? 0 : collections })),
      );
    assert.equal(after(false, 0).status, 'suspected');
    assert.equal(reasonOf(after(false, 0), 'weak-references')['missing'], 1);
    assert.equal(after(false, 1).status, 'confirmed');
    assert.equal(reasonOf(after(false, 1), 'weak-references')['says'], 'kept');
    assert.equal(after(true, 1).status, 'suspected');
  });
});

describe('Traffic', () => {
  const growing = (gains: readonly number[]) => {
    let sum = 1000;
    return [sum, ...gains.map((gain) => (sum += gain))];
  };

  it('that falls takes nothing from a leak of every request', () => {
    const requests = [0, 1000, 1800, 2400, 2800, 3000];
    const counts = requests.map((served) => 1000 + served * 2);
    assert.equal(status(counts), 'early');
    assert.equal(
      judge(
        counts,
        {},
        contextsOf(counts, (i) => ({ requests: requests[i]! })),
      ).status,
      'confirmed',
    );
  });

  it('that rises holds back what grows with time alone until it is steady', () => {
    const requests = [0, 200, 600, 1200, 2000, 3000];
    const counts = growing([1000, 1000, 1000, 1000, 1000]);
    const ramp = judge(
      counts,
      {},
      contextsOf(counts, (i) => ({ requests: requests[i]! })),
    );
    assert.equal(ramp.status === 'early' || against(ramp).includes('traffic'), true);
    const steady = judge(
      counts,
      {},
      contextsOf(counts, (i) => ({ requests: i * 500 })),
    );
    assert.equal(steady.status, 'confirmed');
  });

  it('that rises takes nothing from a leak of every request', () => {
    const requests = [0, 200, 600, 1200, 2000, 3000];
    const counts = requests.map((served) => 1000 + served * 2);
    assert.equal(
      judge(
        counts,
        {},
        contextsOf(counts, (i) => ({ requests: requests[i]! })),
      ).status,
      'confirmed',
    );
  });

  it('in flight may be all that was gained, up to the open sockets', () => {
    const counts = [10, 40, 70, 100, 130, 160];
    const big = { steps: suspectWith(counts).steps.map((step) => ({ ...step, bytes: step.count * 50_000 })) };
    const open = (sockets: number) =>
      judge(
        counts,
        big,
        contextsOf(counts, () => ({ openSockets: sockets })),
      );
    assert.deepEqual(against(open(200)), ['in-flight']);
    assert.equal(open(100).status, 'confirmed');
    assert.equal(judge(counts, big).status, 'confirmed');
  });
});
