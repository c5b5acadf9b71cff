import { KIB, MIB } from '../runtime/units.js';
import type { GrowthAmount, OutsideKind } from '../trend/outside-growth.js';
import type { TrendRules } from '../trend/trend-verdict.js';

export const PACES = ['production', 'fast'] as const;
export type Pace = (typeof PACES)[number];

/** How patient the watcher is: one row per pace, with every number that says how much time or evidence is needed. */
export interface PaceRules {
  /** Timer samples, in addition to those of the GC hooks. */
  readonly sampleCron: string;
  /** No capture and no trend before this: modules load and caches fill. */
  readonly warmUpMs: number;
  /** Between two captures of a series. */
  readonly captureSpacingMs: number;
  /** Between two captures once a leak is confirmed, to see whether it still grows. */
  readonly confirmedSpacingMs: number;
  /** Between a series that found nothing and the next one. */
  readonly coolDownMs: number;
  /** Between two probes of the live heap, if V8 runs full GCs less often and the dumper supports probes. */
  readonly probeSpacingMs: number;
  /** Censuses before a series of graphs: how far apart, and after how many comparisons that show nothing it is called off. Null: no censuses. */
  readonly census: { readonly spacingMs: number; readonly comparisons: number } | null;
  /** Of allocation sites: mean bytes between two samples, least time between two readings, and after how long without a full GC a reading is taken. */
  readonly sites: { readonly intervalBytes: number; readonly spacingMs: number; readonly tickMs: number };
  /** How long a due capture waits for V8's next full GC. */
  readonly majorGcWaitMs: number;
  /** Captures in a row without a growing path that end a series. */
  readonly flatCapturesToStop: number;
  readonly pauseBudgetMs: number;
  /**
   * Of captures and analyses. At 19 they run only when nothing else needs the core, which may be never on a busy machine;
   * trials and tests cannot wait for that.
   */
  readonly niceness: number;
  /** CPU of captures and analyses in the background: part of one core, averaged over an hour. Captures on demand do not count. */
  readonly captureCpuShare: number;
  readonly analysisTimeoutMs: number;
  /** Lengths of the trend windows. */
  readonly windowsMs: { readonly short: number; readonly medium: number; readonly long: number };
  /** When a trend may be judged, and when it starts captures. */
  readonly trend: TrendRules;
  /**
   * Whether a series may start while there are too few full GCs for a trend: the capture is then the measurement. V8's
   * next full GC may be minutes away, too long for a trial.
   */
  readonly captureUnknownTrend: boolean;
  /** What a finding needs. */
  readonly finding: {
    /** Captures at which a path must have grown, including the first, to be suspected and to be confirmed. */
    readonly suspectObservations: number;
    readonly confirmObservations: number;
    readonly confirmMs: number;
    /** Bytes a path must have gained over the observations, to be suspected and to be confirmed. */
    readonly minGrowthBytes: number;
    readonly confirmGrowthBytes: number;
    /** Timers, sockets, listeners and so on: a gain of this many is confirmed, however few bytes they take, and a gain of half as many suspected. */
    readonly confirmHandles: number;
    /** Part of the heap's growth, 0 to 1. */
    readonly minShare: number;
  };
  readonly outside: OutsideRules;
}

/** How patient the watcher is with growth outside the graph. */
export interface OutsideRules {
  /** Width of a slot of the lower envelope, which holds several samples of the timer. */
  readonly slotMs: number;
  /** Earlier samples are ignored: modules load, pools open, allocators fill. */
  readonly warmUpMs: number;
  /** Steps up in a row that are a reason to capture the graph, which shows the holder. */
  readonly gateRises: number;
  /** Steps up in a row, and their time, to be suspected and to be confirmed. */
  readonly suspectRises: number;
  readonly confirmRises: number;
  readonly confirmMs: number;
  /** How long memory and contexts must rise to be confirmed without the graph, which alone shows the bound of a filling cache. */
  readonly aloneMs: number;
  readonly amounts: Readonly<Record<OutsideKind, GrowthAmount>>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const AMOUNTS: OutsideRules['amounts'] = {
  external: { gain: 4 * MIB, ratio: 1.05 },
  native: { gain: 32 * MIB, ratio: 1.1 },
  handles: { gain: 100, ratio: 2 },
  contexts: { gain: 20, ratio: 2 },
};

export const PACE_RULES: Readonly<Record<Pace, PaceRules>> = {
  production: {
    sampleCron: '*/10 * * * * *',
    warmUpMs: 2 * MINUTE,
    captureSpacingMs: 3 * MINUTE,
    confirmedSpacingMs: 30 * MINUTE,
    coolDownMs: 30 * MINUTE,
    probeSpacingMs: MINUTE,
    census: { spacingMs: 2 * MINUTE, comparisons: 3 },
    sites: { intervalBytes: 512 * KIB, spacingMs: 5 * SECOND, tickMs: 15 * SECOND },
    majorGcWaitMs: MINUTE,
    flatCapturesToStop: 2,
    pauseBudgetMs: SECOND,
    niceness: 19,
    captureCpuShare: 0.02,
    analysisTimeoutMs: 5 * MINUTE,
    windowsMs: { short: 10 * MINUTE, medium: HOUR, long: 6 * HOUR },
    trend: { minPoints: 6, minWindowMs: 3 * MINUTE, minBytesPerSecond: KIB },
    captureUnknownTrend: false,
    finding: {
      suspectObservations: 4,
      confirmObservations: 5,
      confirmMs: 10 * MINUTE,
      minGrowthBytes: MIB,
      confirmGrowthBytes: 2 * MIB,
      confirmHandles: 200,
      minShare: 0.1,
    },
    outside: {
      slotMs: 75 * SECOND,
      warmUpMs: 2 * MINUTE,
      gateRises: 3,
      suspectRises: 4,
      confirmRises: 8,
      confirmMs: 10 * MINUTE,
      aloneMs: 30 * MINUTE,
      amounts: AMOUNTS,
    },
  },
  fast: {
    sampleCron: '* * * * * *',
    warmUpMs: 5 * SECOND,
    captureSpacingMs: 8 * SECOND,
    confirmedSpacingMs: 20 * SECOND,
    coolDownMs: 15 * SECOND,
    probeSpacingMs: 4 * SECOND,
    // Captures cost little in small heaps.
    census: null,
    sites: { intervalBytes: 128 * KIB, spacingMs: 2 * SECOND, tickMs: 5 * SECOND },
    majorGcWaitMs: 2 * SECOND,
    flatCapturesToStop: 2,
    pauseBudgetMs: 5 * SECOND,
    niceness: 5,
    // Allows a capture every eight seconds that takes four seconds of CPU.
    captureCpuShare: 1,
    analysisTimeoutMs: MINUTE,
    windowsMs: { short: 30 * SECOND, medium: 2 * MINUTE, long: 10 * MINUTE },
    trend: { minPoints: 5, minWindowMs: 4 * SECOND, minBytesPerSecond: KIB },
    captureUnknownTrend: true,
    finding: {
      suspectObservations: 3,
      confirmObservations: 6,
      // Members that live for less than 45 s, or are flushed within that time, cannot grow for this long.
      confirmMs: 50 * SECOND,
      minGrowthBytes: 256 * KIB,
      confirmGrowthBytes: 2 * MIB,
      confirmHandles: 200,
      minShare: 0.1,
    },
    outside: {
      slotMs: 5 * SECOND,
      warmUpMs: 5 * SECOND,
      gateRises: 2,
      suspectRises: 4,
      confirmRises: 10,
      confirmMs: 50 * SECOND,
      aloneMs: 3 * MINUTE,
      amounts: { ...AMOUNTS, native: { gain: 16 * MIB, ratio: 1.1 } },
    },
  },
};
