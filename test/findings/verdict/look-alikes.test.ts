/** Drawn leaks and their look-alikes, each captured at both paces with seeded chance: what is made of them, and when. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PACES, type Pace } from '../../../src/pace/pace.js';
import { type Chance, type Growth, type Seen, watchGrowth } from './drawn-growth.js';

const MINUTE = 60;
const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1);
/** Of a fill from which no two captures can tell whether its pace falls, some may look like a leak. */
const FEW = 0.05;

/** Adds up what came between two captures. */
function sums(gained: (from: number, to: number, chance: Chance) => number): Growth['members'] {
  return (times, chance) => {
    let [sum, before] = [0, 0];
    return times.map((time) => {
      sum += gained(before, time, chance);
      before = time;
      return sum;
    });
  };
}

const at =
  (members: (time: number) => number): Growth['members'] =>
  (times) =>
    times.map(members);

/** Kilobytes a second that are gained where nothing else is said: 5 MB a minute, and at production a tenth. */
const RATE: Readonly<Record<Pace, number>> = { fast: 83, production: 8.3 };
/** Lasting times of look-alikes are those of the pace: what takes half a minute at one takes half an hour at the other. */
const SLOWER: Readonly<Record<Pace, number>> = { fast: 1, production: 12 };

type Drawn = (rate: number, slower: number) => Growth;

const LEAKS: Readonly<Record<string, Drawn>> = {
  steady: (rate) => ({ members: at((time) => rate * time) }),
  'at random (Poisson)': (rate) => ({
    members: sums((from, to, chance) => chance.poisson(rate * (to - from))),
  }),
  'few and big': (rate) => ({
    members: sums((from, to, chance) => chance.poisson((rate / 20) * (to - from))),
    bytesEach: 20_000,
  }),
  'with a rate of ± 30 %': (rate) => ({
    members: sums((from, to, { uniform }) => rate * (to - from) * (0.7 + 0.6 * uniform())),
  }),
  'in batches': (rate, slower) => ({
    members: at((time) => Math.floor(time / (5 * slower)) * 5 * slower * rate),
  }),
  'after a start that fills': (rate) => ({ members: at((time) => 4000 + rate * time) }),
  'of every request, traffic falling to a third': (rate, slower) => {
    const requests = (time: number) => 3 * time - Math.min(1, time / (120 * slower)) * time;
    return { members: at((time) => (rate / 2) * requests(time)), requests: (time) => 100 * requests(time) };
  },
  'of every request, traffic rising': (rate, slower) => {
    const requests = (time: number) => time * (1 + time / (60 * slower));
    return { members: at((time) => rate * requests(time)), requests: (time) => 100 * requests(time) };
  },
  'with a timer, under steady traffic': (rate) => ({
    members: at((time) => rate * time),
    requests: (time) => 50 * time,
    openSockets: () => 40,
  }),
  'beyond a number that looks like a bound': (rate) => ({
    members: at((time) => rate * time),
    bound: { source: 'setting', name: 'limit', limit: 20, unit: 'entries' },
  }),
  'in a store whose expiry does not work': (rate, slower) => ({
    members: at((time) => rate * time),
    expiry: () => ({ name: 'ttl', lifetimeMs: 10_000 * slower, oldestEndMs: 15_000 * slower }),
  }),
};

const coupons = (time: number, constant: number): number => 1 - Math.exp(-time / constant);

const LOOK_ALIKES: Readonly<Record<string, Drawn>> = {
  'a cache with a bound that is seen': (rate, slower) => ({
    members: at((time) => Math.min(rate * time, rate * 90 * slower)),
    bound: { source: 'setting', name: 'max', limit: rate * 90 * slower, unit: 'entries' },
  }),
  'a cache full after half a minute, its bound unseen': (rate, slower) => ({
    members: at((time) => Math.min(rate * time, rate * 30 * slower)),
  }),
  'keys of which each is kept once, time constant 10 s': (rate, slower) => ({
    members: sums((from, to, { poisson }) =>
      poisson(rate * 10 * slower * (coupons(to, 10 * slower) - coupons(from, 10 * slower))),
    ),
  }),
  'the same, 30 s': (rate, slower) => ({
    members: sums((from, to, { poisson }) =>
      poisson(3 * rate * 30 * slower * (coupons(to, 30 * slower) - coupons(from, 30 * slower))),
    ),
  }),
  'the same, 80 s': (rate, slower) => ({
    members: sums((from, to, { poisson }) =>
      poisson(3 * rate * 80 * slower * (coupons(to, 80 * slower) - coupons(from, 80 * slower))),
    ),
  }),
  'keys as often as words of a language are (Zipf)': (rate) => ({
    members: sums((from, to, { poisson }) => poisson(20 * rate * Math.log((to + 3) / (from + 3)))),
  }),
  'a memo of few and big values': (_rate, slower) => ({
    members: sums((from, to, { poisson }) =>
      poisson(200 * (coupons(to, 25 * slower) - coupons(from, 25 * slower))),
    ),
    bytesEach: 50_000,
  }),
  'sessions that live for a minute, as is seen': (rate, slower) => ({
    members: at((time) => rate * Math.min(time, 45 * slower)),
    expiry: (time) => ({ name: 'ttl', lifetimeMs: 60_000 * slower, oldestEndMs: (time + 5) * 1000 }),
  }),
  'sessions that live for 45 s, with no sign of it, at random': (rate, slower) => ({
    members: (times, { poisson }) => times.map((time) => poisson(rate * Math.min(time, 45 * slower))),
  }),
  'a batch that is flushed every 7 s': (rate, slower) => ({
    members: at((time) => rate * (time % (7 * slower))),
  }),
  'a batch that is flushed every 25 s': (rate, slower) => ({
    members: at((time) => rate * (time % (25 * slower))),
  }),
  'a batch that is flushed every 45 s': (rate, slower) => ({
    members: at((time) => rate * (time % (45 * slower))),
  }),
  'a batch that is flushed every minute, met as it has just been': (rate, slower) => ({
    members: at((time) => rate * ((time + 30 * slower) % (60 * slower))),
  }),
  'connections while traffic comes up to what it will be': (rate, slower) => ({
    members: at((time) => 10 * rate * Math.min(1, time / (120 * slower)) * 10),
    requests: (time) => {
      const ramp = Math.min(time, 120 * slower);
      return (20 * ramp * ramp) / (240 * slower) + 20 * Math.max(0, time - 120 * slower);
    },
  }),
  'a backlog in flight': (_rate, slower) => ({
    members: at((time) => Math.min(400, (5 * time) / slower)),
    bytesEach: 20_000,
    openSockets: (time) => Math.min(400, (5 * time) / slower) + 5,
  }),
  'a slow small cache': (rate) => ({ members: at((time) => Math.min(rate * time * 0.2, 1500)) }),
};

const LEAK_LIMITS: Readonly<Record<Pace, number>> = { fast: 75, production: 18 * MINUTE };
const HEALTHY_LIMITS: Readonly<Record<Pace, number>> = { fast: 8 * MINUTE, production: 90 * MINUTE };

function watchAll(drawn: Drawn, pace: Pace, until: number): Seen[] {
  const growth = drawn(RATE[pace], SLOWER[pace]);
  return SEEDS.map((seed) => watchGrowth(growth, pace, until, seed));
}

const medianOf = (times: readonly (number | null)[]): string => {
  const known = times.filter((time) => time !== null).sort((a, b) => a - b);
  return known.length === 0
    ? 'never'
    : `${known[known.length >> 1]!.toFixed(0)} s (${known.length} of ${times.length})`;
};

const summary = (seen: readonly Seen[]) =>
  `suspected ${medianOf(seen.map(({ suspected }) => suspected))}, confirmed ${medianOf(seen.map(({ confirmed }) => confirmed))}`;

for (const pace of PACES) {
  describe(`At the pace ${pace}, a leak is confirmed within ${LEAK_LIMITS[pace]} s nearly always, and else soon after`, () => {
    for (const [what, drawn] of Object.entries(LEAKS)) {
      it(what, (t) => {
        const seen = watchAll(drawn, pace, 2 * LEAK_LIMITS[pace]);
        t.diagnostic(summary(seen));
        const within = (limit: number) =>
          seen.filter(({ confirmed }) => confirmed !== null && confirmed <= limit).length / seen.length;
        assert.ok(within(LEAK_LIMITS[pace]) >= 0.8, summary(seen));
        assert.ok(within(2 * LEAK_LIMITS[pace]) >= 0.95, summary(seen));
      });
    }
  });

  describe(`At the pace ${pace}, what only looks like a leak is not confirmed in ${HEALTHY_LIMITS[pace]} s`, () => {
    for (const [what, drawn] of Object.entries(LOOK_ALIKES)) {
      it(what, (t) => {
        const seen = watchAll(drawn, pace, HEALTHY_LIMITS[pace]);
        t.diagnostic(summary(seen));
        const wrong = seen.filter(({ confirmed }) => confirmed !== null).length / seen.length;
        assert.ok(wrong <= (what === 'the same, 80 s' ? FEW : 0), summary(seen));
      });
    }
  });
}

describe('At the pace fast, a leak of 1 MB a minute', () => {
  it('is confirmed within 5 minutes', (t) => {
    const seen = SEEDS.map((seed) =>
      watchGrowth(
        { members: sums((from, to, { poisson }) => poisson(16.7 * (to - from))) },
        'fast',
        300,
        seed,
      ),
    );
    t.diagnostic(summary(seen));
    assert.ok(seen.every(({ confirmed }) => confirmed !== null));
  });
});
