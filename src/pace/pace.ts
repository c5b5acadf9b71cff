export const PACES = ['production', 'fast'] as const;
export type Pace = (typeof PACES)[number];

/** How patient the watcher is. One row a pace; every number that time or evidence depends on is here. */
export interface PaceRules {
  /** Timer samples beside the GC hooks. */
  readonly sampleCron: string;
  /** Nothing is captured and no trend is believed before this; modules load and caches fill. */
  readonly warmUpMs: number;
  /** Between two captures of a series. */
  readonly captureSpacingMs: number;
  /** Between two captures once a leak is confirmed: only to see whether it goes on. */
  readonly confirmedSpacingMs: number;
  /** After a series that found nothing, before the next one. */
  readonly coolDownMs: number;
  /** Between two probes of the live heap, where V8 itself collects fully less often and the dumper has them. */
  readonly probeSpacingMs: number;
  /** Censuses before a series of graphs: how far apart, and how many comparisons may show nothing before it is called off. Null: none are taken. */
  readonly census: { readonly spacingMs: number; readonly comparisons: number } | null;
  /** Of allocation sites: bytes between two samples on the average, least time between two readings, and after how long without a full collection one is taken. */
  readonly sites: { readonly intervalBytes: number; readonly spacingMs: number; readonly tickMs: number };
  /** How long a capture that is due waits for V8's own full collection before it goes ahead without. */
  readonly majorGcWaitMs: number;
  /** Captures in a row without a growing path that end a series. */
  readonly flatCapturesToStop: number;
  readonly pauseBudgetMs: number;
  /**
   * Of what runs beside the service, captures and analyses: 19 runs when nobody else wants the core, which on a busy machine
   * may be never; who tries the watcher out, or tests with it, does not wait for that.
   */
  readonly niceness: number;
  /** CPU that captures and their analyses may take in the background: part of one core, averaged over an hour. Those on demand are free. */
  readonly captureCpuShare: number;
  readonly analysisTimeoutMs: number;
  /** Lengths of the trend windows. */
  readonly windowsMs: { readonly short: number; readonly medium: number; readonly long: number };
  /** When a trend may be judged, and what opens the gate. */
  readonly trend: {
    readonly minPoints: number;
    readonly minWindowMs: number;
    readonly minBytesPerSecond: number;
  };
  /**
   * Whether a series may start while too few collections happened to tell a trend: the capture is then the measurement.
   * V8 may not collect fully for minutes, and who tries the watcher out does not wait for it.
   */
  readonly captureUnknownTrend: boolean;
  /** What a finding needs. */
  readonly finding: {
    /** Captures at which a path must have grown, the first one included, to be suspected and to be confirmed. */
    readonly suspectObservations: number;
    readonly confirmObservations: number;
    readonly confirmMs: number;
    /** Bytes a path must have gained over the observations, to be suspected and to be confirmed. */
    readonly minGrowthBytes: number;
    readonly confirmGrowthBytes: number;
    /** Timers, sockets, listeners and the like: so many gained confirm, however few bytes they are; half of it is suspected. */
    readonly confirmHandles: number;
    /** Part of the heap's growth, 0 to 1. */
    readonly minShare: number;
  };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KB = 1024;
const MB = 1024 * KB;

export const PACE_RULES: Readonly<Record<Pace, PaceRules>> = {
  production: {
    sampleCron: '*/10 * * * * *',
    warmUpMs: 2 * MINUTE,
    captureSpacingMs: 3 * MINUTE,
    confirmedSpacingMs: 30 * MINUTE,
    coolDownMs: 30 * MINUTE,
    probeSpacingMs: MINUTE,
    census: { spacingMs: 2 * MINUTE, comparisons: 3 },
    sites: { intervalBytes: 512 * KB, spacingMs: 5 * SECOND, tickMs: 15 * SECOND },
    majorGcWaitMs: MINUTE,
    flatCapturesToStop: 2,
    pauseBudgetMs: SECOND,
    niceness: 19,
    captureCpuShare: 0.02,
    analysisTimeoutMs: 5 * MINUTE,
    windowsMs: { short: 10 * MINUTE, medium: HOUR, long: 6 * HOUR },
    trend: { minPoints: 6, minWindowMs: 3 * MINUTE, minBytesPerSecond: KB },
    captureUnknownTrend: false,
    finding: {
      suspectObservations: 4,
      confirmObservations: 5,
      confirmMs: 10 * MINUTE,
      minGrowthBytes: MB,
      confirmGrowthBytes: 2 * MB,
      confirmHandles: 200,
      minShare: 0.1,
    },
  },
  fast: {
    sampleCron: '* * * * * *',
    warmUpMs: 5 * SECOND,
    captureSpacingMs: 8 * SECOND,
    confirmedSpacingMs: 20 * SECOND,
    coolDownMs: 15 * SECOND,
    probeSpacingMs: 4 * SECOND,
    // A capture costs little where heaps are small and programs short.
    census: null,
    sites: { intervalBytes: 128 * KB, spacingMs: 2 * SECOND, tickMs: 5 * SECOND },
    majorGcWaitMs: 2 * SECOND,
    flatCapturesToStop: 2,
    pauseBudgetMs: 5 * SECOND,
    niceness: 5,
    // A capture every eight seconds that takes four of them must not be hindered.
    captureCpuShare: 1,
    analysisTimeoutMs: MINUTE,
    windowsMs: { short: 30 * SECOND, medium: 2 * MINUTE, long: 10 * MINUTE },
    trend: { minPoints: 5, minWindowMs: 4 * SECOND, minBytesPerSecond: KB },
    captureUnknownTrend: true,
    finding: {
      suspectObservations: 3,
      confirmObservations: 6,
      // What lives, or is flushed, within three quarters of a minute is not seen to grow for so long.
      confirmMs: 50 * SECOND,
      minGrowthBytes: 256 * KB,
      confirmGrowthBytes: 2 * MB,
      confirmHandles: 200,
      minShare: 0.1,
    },
  },
};
