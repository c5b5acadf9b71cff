import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import { type Clock, systemClock } from '../runtime/clock.js';
import { type EntryTiming, GcProfile } from './gc-profile.js';
import type { GcKind, GcSource } from './gc-source.js';

/** Any other is `minor`, the kind that claims least: minor mark-sweep has a constant from Node 24 on only. */
const KIND_OF_ENTRY: ReadonlyMap<number, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** The type of Node's declarations knows no `detail`; entries of type `gc` have one. */
type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/** What Node itself tells of GC cycles: entries of `perf_hooks`, with the figures of `v8.GCProfiler`. */
export function createBuiltInSource(reason: string, clock: Clock = systemClock): GcSource {
  const profile = new GcProfile(clock);
  let observer: PerformanceObserver | null = null;
  return {
    name: 'built-in',
    reason,
    start(onEvents) {
      if (observer !== null) return;
      profile.start();
      observer = new PerformanceObserver((list) => {
        const timings = list.getEntries().map(timingOf);
        const figures = profile.figuresOf(timings);
        onEvents(timings.map((timing, i) => ({ ...timing, figures: figures[i] ?? null })));
      });
      observer.observe({ entryTypes: ['gc'] });
    },
    stop() {
      observer?.disconnect();
      observer = null;
      profile.stop();
    },
  };
}

function timingOf(entry: PerformanceEntry): EntryTiming {
  const { kind = 0 } = (entry as GcEntry).detail;
  return {
    kind: KIND_OF_ENTRY.get(kind) ?? 'minor',
    startMs: entry.startTime,
    pauseMs: entry.duration,
  };
}
