import type { StartAnalysis } from '../../src/analysis/analysis-client.js';
import type { NativeBinding } from '../../src/native/binding.js';

/** What one fork took, milliseconds unless it says otherwise. */
export interface ForkFigures {
  /** Finding V8's mappings, beside the service's thread. */
  readonly scanMs: number;
  /** The service's thread stood still, of that in fork(2). */
  readonly blockedMs: number;
  readonly forkMs: number;
  /** Counts. */
  readonly mappings: number;
  readonly unknownMappings: number;
}

/** A stopwatch for what a capture does on the service's thread. */
export class ForkStopwatch {
  forks: ForkFigures[] = [];
  /** Starting the process of the analysis; 0 where there was none. */
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
