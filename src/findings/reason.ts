import type { Bound, Expiry } from '../heap/limits/limit.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { FindingKind } from '../mechanisms/mechanism-row.js';
import type { Mechanism } from '../mechanisms/mechanisms.js';
import type { EvidenceRule } from './finding.js';
import type { Titled } from './headline.js';

/** `N`: names of the numbers that are published as evidence, with the unit at the end; `F`: further facts for the sentence. */
type Of<R extends EvidenceRule, Says extends string, N extends string, F = unknown> = {
  readonly rule: R;
  readonly says: Says;
  readonly numbers: Readonly<Record<N, number>>;
} & F;

/** The result of a rule, in values: `says` names the sentence that src/wording makes of it. */
export type ReasonFacts =
  /** `missing`: further captures with growth until it may be confirmed. */
  | Of<'persistence', 'grew', 'observations' | 'spanMs' | 'stillCaptures', { readonly missing: number }>
  | Of<'duration', 'path', 'spanMs' | 'neededMs', { readonly mechanism: Mechanism | null }>
  | Of<'duration', 'series', 'rises' | 'spanMs' | 'missingMs', { readonly mayFill: boolean }>
  | Of<'share', 'path', 'shareOfGrowth'>
  | Of<'share', 'native', 'gainedBytes' | 'residentBytes'>
  /** `handles`: how many of them are enough, null for what does not count by number. */
  | Of<
      'amount',
      'little',
      'gainedBytes' | 'steadyBytes' | 'gainedCount' | 'neededBytes',
      { readonly handles: number | null }
    >
  | Of<'bound', 'none', never>
  | Of<'bound', 'moves' | 'exceeded', 'limit' | 'count' | 'bytes', { readonly bound: Bound }>
  | Of<'bound', 'bounded', 'limit' | 'count' | 'bytes' | 'levelBytes', { readonly bound: Bound }>
  | Of<'bound', 'lost', 'limit', { readonly bound: Bound }>
  | Of<'expiry', 'waits' | 'outlived', Lifetime, { readonly expiry: Expiry }>
  | Of<'expiry', 'too-far', Lifetime | 'reachedBytes', { readonly expiry: Expiry }>
  | Of<'weak-references', 'kept', 'majorCollections'>
  | Of<'weak-references', 'waits', 'majorCollections', { readonly missing: number }>
  | Of<'past-peak', 'held-before', 'peakBefore' | 'count', { readonly needed: number }>
  | Of<'levelling-off', 'slower', 'paceRatio' | 'level', Pace>
  | Of<'levelling-off', 'latest', 'paceRatio', Pace>
  | Of<'traffic', 'ramp', 'trafficRatio' | 'paceRatio'>
  | Of<'in-flight', 'path', 'gainedCount' | 'openSockets', { readonly mayBeInFlight: number }>
  | Of<'in-flight', 'series', 'gained' | 'sockets'>
  | Of<
      'allocation-sites',
      'rose',
      'growthBytes' | 'shareOfGrowth',
      { readonly function: string; readonly readings: number; readonly spanMs: number }
    >
  | Of<'allocation-sites', 'share' | 'no-capture', 'growthBytes' | 'shareOfGrowth'>
  | Of<'series', 'rose', 'observations' | 'spanMs' | 'first' | 'last' | 'gained' | Slope, InBytes>
  | Of<'series', 'workers', 'workersStarted'>
  | Of<'series', 'uncollected', 'observations', { readonly kind: FindingKind; readonly needed: number }>
  /** A healthy program's numbers of this type of open resource look the same. */
  | Of<'series', 'looks-healthy', 'gained', { readonly type: string }>
  | Of<'series', 'not-files', 'gained' | 'filesPart'>
  /** Growth outside the graph that a finding of the graph explains. */
  | Of<'series', 'also-grows', 'bytesPerSecond' | 'objectsPerSecond', { readonly grew: Titled }>
  | Of<'settled', 'still', 'flatCaptures'>
  | Of<'settled', 'ended', never>
  | Of<'settled', 'explained', never, { readonly by: Fingerprint }>
  | Of<'seen-before', 'first-seen' | 'confirmed', 'firstSeenMs', { readonly at: string }>;

/** Growth is measured per second or per request, and the level in members or bytes. */
interface Pace extends InBytes {
  readonly per: 'request' | 'second';
}
interface InBytes {
  readonly inBytes: boolean;
}
type Lifetime = 'lifetimeMs' | 'sweepMs' | 'overdueMs';
type Slope = 'perSecond' | 'perSecondLow' | 'perSecondHigh';

/** One reason of a finding; `speaksFor` a leak or against. */
export type Reason = ReasonFacts & { readonly speaksFor: boolean };
