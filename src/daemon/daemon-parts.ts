import type { StartAnalysis } from '../analysis/analysis-outcome.js';
import type { ChosenDumper } from '../capture/heap-dumper.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { AllocationSites } from '../sampling/allocation-profiler.js';
import type { FullGc } from '../sampling/full-gc.js';
import type { GcSource } from '../sampling/gc-source.js';
import type { HeapReader } from '../sampling/heap-reader.js';
import type { SampleWindow } from '../trend/sample-window.js';
import type { BackgroundWork } from './background-work.js';
import type { OwnPauses } from './own-pauses.js';
import type { SafeEmitter } from './safe-emitter.js';

/** The state directory. All may throw. */
interface FindingStore {
  /** Puts the present report and these findings there. */
  keep(findings: string): void;
  /** The stored findings; null if there are none. */
  restore(): string | null;
  /** Takes old files out. */
  prune(): void;
}

/** The daemon's ports to everything outside it. */
export interface DaemonAdapters {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gcSource: GcSource;
  readonly reader: HeapReader;
  readonly window: SampleWindow;
  readonly dumper: ChosenDumper;
  readonly fullGc: FullGc;
  readonly startAnalysis: StartAnalysis;
  readonly ownPauses: OwnPauses;
  readonly sites: AllocationSites;
  readonly store: FindingStore;
}

/** What the daemon's parts share. */
export interface DaemonParts extends DaemonAdapters {
  readonly work: BackgroundWork;
  readonly events: SafeEmitter;
  /** To be called when findings have changed, before they are published, and when a capture has ended. */
  readonly changed: () => void;
}
