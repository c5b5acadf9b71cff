import type { Fingerprint, RetainerStep } from '../heap/suspects/suspect.js';

export const FINDING_STATUSES = ['suspected', 'confirmed', 'plateaued', 'resolved'] as const;
export type FindingStatus = (typeof FINDING_STATUSES)[number];

export const FINDING_KINDS = ['heap', 'external', 'native', 'handles', 'contexts'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Where surviving memory was allocated. */
export interface AllocationSite {
  readonly function: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
  readonly package: string | null;
  readonly liveBytes: number;
  readonly growthBytes: number;
}

/** One leak, as published. Times are ISO 8601; the shape is part of the report's schema. */
export interface Finding {
  readonly id: Fingerprint;
  readonly status: FindingStatus;
  readonly kind: FindingKind;
  /** One line that a person understands. */
  readonly title: string;
  readonly reasons: readonly string[];
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
  readonly bound: { readonly name: string; readonly limit: number } | null;
  readonly secondsToLimit: number | null;
}
