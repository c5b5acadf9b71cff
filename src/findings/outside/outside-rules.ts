import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { openResource } from '../../mechanisms/open-resources.js';
import type { OutsideRules } from '../../pace/pace.js';
import type { HeapSample } from '../../sampling/heap-sample.js';
import type { OutsideGrowth } from '../../trend/outside-growth.js';
import type { SurroundingGains } from '../../trend/outside-window.js';
import { theilSen } from '../../trend/theil-sen.js';
import { seriesLevellingOff } from '../verdict/levelling-rule.js';
import { dismisses, holdsBack, type Rule, supports, waits } from '../verdict/rule.js';

/** What the rules on growth outside the graph may look at. */
export interface OutsideFacts {
  readonly growth: OutsideGrowth;
  /** The latest. */
  readonly sample: HeapSample;
  /** Other changes over the same time. */
  readonly gains: SurroundingGains;
  readonly rules: OutsideRules;
}

/** Values right after full GCs that growth needs if garbage counts in it. */
const LEAST_COLLECTED = 3;
/** And the part of the growth, and of its time, that these must show. */
const COLLECTED_PART = 0.5;
/** Unexplained memory must be this part of the growth of the process; a smaller part accompanies other growth. */
const NATIVE_SHARE = 0.5;
/** Work in flight grows with the connections that brought it; more than this many per connection is not in flight. */
const IN_FLIGHT_PER_SOCKET = 2;
/** Part of the newest descriptors. */
const MOST_ARE_FILES = 0.5;

export function isMemory({ kind }: OutsideGrowth): boolean {
  return kind === 'external' || kind === 'native';
}

const isSeenEnough: Rule<OutsideFacts> = ({ growth, rules }) =>
  growth.rises < rules.suspectRises ? dismisses('early', 'too-few-observations') : null;

const isMaterialShare: Rule<OutsideFacts> = ({ growth, gains }) =>
  growth.kind === 'native' &&
  gains.residentBytes !== null &&
  growth.gained < gains.residentBytes * NATIVE_SHARE
    ? dismisses('healthy', 'small-share')
    : null;

/** Unless GCs left more than before, the growth may be only garbage. Does not apply to native memory, which V8 does not collect. */
const isKept: Rule<OutsideFacts> = ({ growth: { kind, collected, gained, first } }) => {
  if (kind !== 'external' && kind !== 'contexts') return null;
  const left = collected?.at(-1)?.bytes;
  return left === undefined || left - first < gained * COLLECTED_PART ? dismisses('early', 'garbage') : null;
};

const persistence: Rule<OutsideFacts> = ({ growth }) =>
  supports({
    rule: 'series',
    says: 'rose',
    inBytes: isMemory(growth),
    numbers: {
      observations: growth.rises + 1,
      spanMs: growth.spanMs,
      first: growth.first,
      last: growth.last,
      gained: growth.gained,
      perSecond: growth.slope.bytesPerSecond,
      perSecondLow: growth.slope.low,
      perSecondHigh: growth.slope.high,
    },
  });

/** There is no path to memory outside V8, so the reason says what it may be and how to find out. */
const advice: Rule<OutsideFacts> = ({ growth: { kind, gained }, gains }) =>
  kind === 'native'
    ? supports({
        rule: 'share',
        says: 'native',
        numbers: { gainedBytes: gained, residentBytes: gains.residentBytes ?? gained },
      })
    : null;

/** Handles are counted one by one; memory may be a filling cache, whose bound only the graph shows. */
const longEnough: Rule<OutsideFacts> = ({ growth: { kind, rises, spanMs }, rules }) => {
  const mayFill = kind !== 'handles';
  const neededMs = mayFill ? rules.aloneMs : rules.confirmMs;
  const missingMs = Math.max(neededMs - spanMs, (rules.confirmRises - rises) * rules.slotMs);
  if (missingMs <= 0) return null;
  return waits({ rule: 'duration', says: 'series', numbers: { rises, spanMs, missingMs }, mayFill });
};

/** Memory and contexts count until V8 collects their holders, so the values right after full GCs must rise, too. */
const outlivesCollections: Rule<OutsideFacts> = ({ growth }) => {
  const { kind, collected } = growth;
  if (kind === 'handles' || risesCollected(growth)) return null;
  return holdsBack({
    rule: 'series',
    says: 'uncollected',
    numbers: { observations: collected?.length ?? 0 },
    kind,
    needed: LEAST_COLLECTED,
  });
};

function risesCollected({ collected, gained, spanMs }: OutsideGrowth): boolean {
  const points = collected ?? [];
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < LEAST_COLLECTED) return false;
  const steady = theilSen(points);
  return (
    steady !== null &&
    steady.low > 0 &&
    last.bytes - first.bytes >= gained * COLLECTED_PART &&
    last.ms - first.ms >= spanMs * COLLECTED_PART
  );
}

/** Worker threads have heaps of their own, whose garbage is all in the resident set. */
const workers: Rule<OutsideFacts> = ({ growth: { kind }, sample: { workersStarted } }) =>
  kind === 'native' && workersStarted > 0
    ? holdsBack({ rule: 'series', says: 'workers', numbers: { workersStarted } })
    : null;

const handles: Rule<OutsideFacts> = ({ growth: { kind, type, gained }, sample, gains }) => {
  if (kind !== 'handles') return null;
  const { confirmsAlone, mechanism } = openResource(type);
  const serves = sample.requests > 0 || (sample.handles?.['TCPServerWrap'] ?? 0) > 0;
  if (confirmsAlone === 'never' || (confirmsAlone === 'client' && serves))
    return holdsBack({ rule: 'series', says: 'looks-healthy', numbers: { gained }, type });
  const filesPart = sample.newFilesPart ?? 1;
  if (type === 'FileDescriptor' && filesPart < MOST_ARE_FILES)
    return holdsBack({ rule: 'series', says: 'not-files', numbers: { gained, filesPart } });
  if (mechanism !== null && MECHANISMS[mechanism].inFlight === true) return null;
  const sockets = gains.sockets ?? 0;
  if (gained > sockets * IN_FLIGHT_PER_SOCKET) return null;
  return holdsBack({ rule: 'in-flight', says: 'series', numbers: { gained, sockets } });
};

const latestGrowth: Rule<OutsideFacts> = ({ growth }) =>
  seriesLevellingOff(growth.pace, growth.last, isMemory(growth));

/** What dismisses comes first. */
export const OUTSIDE: readonly Rule<OutsideFacts>[] = [
  isSeenEnough,
  isMaterialShare,
  isKept,
  persistence,
  advice,
  longEnough,
  outlivesCollections,
  workers,
  handles,
  latestGrowth,
];
