import { openResource } from '../../mechanisms/open-resources.js';
import type { OutsideRules } from '../../pace/outside-rules.js';
import type { HeapSample } from '../../sampling/heap-sample.js';
import type { OutsideGrowth } from '../../trend/outside-growth.js';
import type { SurroundingGains } from '../../trend/outside-window.js';
import { theilSen } from '../../trend/theil-sen.js';
import type { Evidence, EvidenceRule } from '../finding.js';

/** What a signal is judged with: the latest sample, and what else changed during the rise. */
export interface OutsideSurroundings {
  readonly sample: HeapSample;
  readonly gains: SurroundingGains;
}

/** One reason: the sentence and the same as data. */
export interface OutsideReason {
  readonly words: string;
  readonly evidence: Evidence;
}

/** Values right after full collections that a rise of what garbage counts in must have. */
const LEAST_COLLECTED = 3;
/** And the part of the rise that these must show, and span. */
const COLLECTED_PART = 0.5;
/** Memory that nothing explains must be this part of what the process grew by; less comes along with other growth. */
const NATIVE_SHARE = 0.5;
/** What is in flight grows with the connections that brought it; more than this many a connection is not in flight. */
const IN_FLIGHT_PER_SOCKET = 2;
/** Part of the newest descriptors. */
const MOST_ARE_FILES = 0.5;

/** What still speaks against confirming; null where it speaks against suspecting, too. */
export function outsideDoubts(
  signal: OutsideGrowth,
  surroundings: OutsideSurroundings,
  rules: OutsideRules,
): readonly OutsideReason[] | null {
  const own =
    signal.kind === 'native'
      ? nativeDoubts(signal, surroundings)
      : signal.kind === 'handles'
        ? handleDoubts(signal, surroundings)
        : garbageDoubts(signal);
  return own === null ? null : [...durationDoubts(signal, rules), ...own];
}

/** Handles are counted one by one and let go by name; memory may be a cache that fills, which the graph tells sooner. */
function durationDoubts({ kind, rises, spanMs }: OutsideGrowth, rules: OutsideRules): OutsideReason[] {
  const neededMs = kind === 'handles' ? rules.confirmMs : rules.aloneMs;
  const missingMs = Math.max(neededMs - spanMs, (rules.confirmRises - rises) * rules.slotMs);
  if (missingMs <= 0) return [];
  const until = `to be confirmed it must rise for ${Math.ceil(missingMs / 1000)} s more`;
  const why = kind === 'handles' ? '' : 'a cache that fills looks the same: ';
  return [doubt('duration', `${why}${until}`, { rises, spanMs, missingMs }, until)];
}

/** Worker threads have heaps of their own, which are garbage and all in the resident set. */
function nativeDoubts(signal: OutsideGrowth, { sample, gains }: OutsideSurroundings): OutsideReason[] | null {
  if (gains.residentBytes !== null && signal.gained < gains.residentBytes * NATIVE_SHARE) return null;
  const garbage = rises(signal) ? [] : [uncollectedDoubt(signal, 'allocations')];
  if (sample.workersStarted === 0) return garbage;
  return [
    ...garbage,
    doubt(
      'series',
      'it started worker threads, whose heaps and their garbage cannot be told from native memory',
      { workersStarted: sample.workersStarted },
      'the heaps of worker threads would have to be watched in these threads',
    ),
  ];
}

/** Buffers and contexts count until V8 collects what holds them: what a full collection leaves is what counts. */
function garbageDoubts(signal: OutsideGrowth): OutsideReason[] | null {
  const { kind, collected, gained, first } = signal;
  // Not one collection during the rise, or it left no more than there was before: nothing but garbage is known to grow.
  const left = collected?.at(-1)?.bytes;
  if (left === undefined || left - first < gained * COLLECTED_PART) return null;
  return rises(signal) ? [] : [uncollectedDoubt(signal, kind === 'external' ? 'buffers' : 'contexts')];
}

function uncollectedDoubt({ collected }: OutsideGrowth, what: string): OutsideReason {
  const observations = collected?.length ?? 0;
  const lacking =
    observations === 0 ? 'V8 has not collected fully during the rise' : 'too few full collections show it';
  return doubt(
    'series',
    `${lacking}, and until then ${what} that nobody holds any more count too`,
    { observations },
    `to be confirmed it must be more after each of ${LEAST_COLLECTED} full collections, or the graph must show who holds it`,
  );
}

/** Whether full collections left more and more. */
function rises({ collected, gained, spanMs }: OutsideGrowth): boolean {
  const points = collected ?? [];
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < LEAST_COLLECTED) return false;
  const steady = theilSen(points);
  return (
    steady !== null &&
    steady.low > 0 &&
    last.bytes - first.bytes >= gained * COLLECTED_PART &&
    last.ms - first.ms >= spanMs * COLLECTED_PART
  );
}

function handleDoubts(
  { type, gained }: OutsideGrowth,
  { sample, gains }: OutsideSurroundings,
): OutsideReason[] | null {
  const { confirmsAlone, because, mechanism } = openResource(type);
  const serves = sample.requests > 0 || (sample.handles?.['TCPServerWrap'] ?? 0) > 0;
  if (confirmsAlone === 'never' || (confirmsAlone === 'client' && serves)) {
    return [doubt('series', because, { gained }, 'the graph must show who keeps them')];
  }
  const filesPart = sample.newFilesPart ?? 1;
  if (type === 'FileDescriptor' && filesPart < MOST_ARE_FILES) {
    const why =
      'most of the newest are sockets or pipes: of other threads, or such that Node does not wait for';
    return [doubt('series', why, { gained, filesPart }, 'most of them would have to be files')];
  }
  const sockets = gains.sockets ?? 0;
  if (mechanism === 'sockets' || gained > sockets * IN_FLIGHT_PER_SOCKET) return [];
  return [
    doubt(
      'in-flight',
      `open sockets rose by ${sockets} meanwhile, so it may be work in flight`,
      { gained, sockets },
      'it must go on when the number of connections does not rise',
    ),
  ];
}

function doubt(
  rule: EvidenceRule,
  words: string,
  numbers: Evidence['numbers'],
  untilWhat: string,
): OutsideReason {
  return { words, evidence: { rule, speaksFor: false, numbers, untilWhat } };
}
