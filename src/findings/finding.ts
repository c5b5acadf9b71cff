import type { Bound, Expiry } from '../heap/limits/limit.js';
import type { Fingerprint, PackageName, RetainerStep } from '../heap/naming/retainer-step.js';
import type { AllocationSite, MemberLocation } from '../heap/sources/code-place.js';
import type { FindingKind } from '../mechanisms/mechanism-row.js';
import type { Mechanism } from '../mechanisms/mechanisms.js';

export const FINDING_STATUSES = ['suspected', 'confirmed', 'plateaued', 'resolved'] as const;
export type FindingStatus = (typeof FINDING_STATUSES)[number];

/** Which rule speaks for or against a leak, with its numbers: a reason as data. */
export interface Evidence {
  readonly rule: EvidenceRule;
  /** Whether it speaks for a leak. */
  readonly speaksFor: boolean;
  /** By name, with the unit at the end of the name: `spanMs`, `observations`, `gainedBytes`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** What would change the verdict, in plain words; null if nothing would. */
  readonly untilWhat: string | null;
}

export type EvidenceRule =
  | 'persistence'
  | 'duration'
  | 'share'
  | 'amount'
  | 'bound'
  | 'expiry'
  | 'levelling-off'
  | 'past-peak'
  | 'traffic'
  | 'in-flight'
  | 'weak-references'
  | 'allocation-sites'
  | 'series'
  | 'settled'
  | 'seen-before';

/** What somebody decided about a finding. */
export interface Decision {
  /** ISO 8601. */
  readonly at: string;
  /** Id of the client, or what in the program decided it: `options`, `program`. */
  readonly by: string;
  readonly reason: string;
}

/** One leak, as published. Times are ISO 8601; the shape is part of the report's schema. */
export interface Finding {
  readonly id: Fingerprint;
  readonly status: FindingStatus;
  readonly kind: FindingKind;
  /** One line that a person understands. */
  readonly title: string;
  /** One sentence for each entry of `evidence`, in its order. */
  readonly reasons: readonly string[];
  readonly evidence: readonly Evidence[];
  /** Muted findings are published, but cause no event, no warning and no alert. */
  readonly muted: boolean;
  /** Null if it is not muted, or if nothing is known of who muted it. */
  readonly muting: Decision | null;
  /** Somebody takes care of it: no event and no warning until it becomes worse or is resolved. Metrics and alerts still count it. */
  readonly acknowledgement: Decision | null;
  /** 0 to 1. */
  readonly confidence: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly confirmedAt: string | null;
  readonly className: string;
  readonly retainerPath: readonly RetainerStep[];
  readonly growth: {
    readonly bytesPerSecond: number;
    readonly objectsPerSecond: number;
    readonly bytesPerRequest: number | null;
    /** 0 to 1. */
    readonly shareOfGrowth: number;
    /** True when byte figures are estimates: sampled captures leave out most members of large collections. Counts of members are exact. */
    readonly bytesScaled: boolean;
    readonly steps: readonly { readonly at: string; readonly count: number; readonly bytes: number }[];
  };
  readonly allocationSites: readonly AllocationSite[];
  readonly fields: readonly string[];
  readonly mechanism: Mechanism | null;
  /** The package whose code holds the members; null means the program's own. */
  readonly package: PackageName | null;
  /** Where members, or the functions they call, are defined. */
  readonly locations: readonly MemberLocation[];
  /** The first place in the program's own code that is involved. */
  readonly yours: MemberLocation | null;
  readonly alsoHeldBy: readonly string[];
  readonly bound: Bound | null;
  readonly expiry: Expiry | null;
  /** Until V8's heap limit or the container's: at the heap's own trend if that is known, else at the finding's rate; null if it does not grow. */
  readonly secondsToLimit: number | null;
}
