import type { StartAnalysis } from '../../src/analysis/analysis-outcome.js';
import type { NativeBinding } from '../../src/native/binding.js';

/** Figures of one fork, milliseconds unless stated otherwise. */
export interface ForkFigures {
  /** Finding V8's mappings, in parallel to the service's thread. */
  readonly scanMs: number;
  /** How long the service's thread was blocked, and the part of it in fork(2). */
  readonly blockedMs: number;
  readonly forkMs: number;
  /** Counts. */
  readonly mappings: number;
  readonly unknownMappings: number;
}

/** Times what a capture does on the service's thread. */
export class ForkStopwatch {
  forks: ForkFigures[] = [];
  /** Starting the analysis process; 0 if there was none. */
  analysisStartMs = 0;
  #scanMs = 0;

  begin(): void {
    this.forks = [];
    this.analysisStartMs = 0;
  }

  binding(binding: NativeBinding): NativeBinding {
    return {
      ...binding,
      scan: async () => {
        const from = performance.now();
        const mappings = await binding.scan();
        this.#scanMs = performance.now() - from;
        return mappings;
      },
      fork: (options, job) => {
        const child = binding.fork(options, job);
        const { blockedMs, forkMs, mappings, unknownMappings } = child;
        this.forks.push({ scanMs: this.#scanMs, blockedMs, forkMs, mappings, unknownMappings });
        return child;
      },
    };
  }

  analysis(start: StartAnalysis): StartAnalysis {
    return (options) => {
      const from = performance.now();
      const handle = start(options);
      this.analysisStartMs = performance.now() - from;
      return handle;
    };
  }
}
