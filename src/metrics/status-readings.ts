import type { DaemonStatus } from '../daemon/daemon-status.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import type { Labels, Reading } from './metric-family.js';
import { type MetricName, SUSPECT_RANKS } from './metric-table.js';

type Read = (status: DaemonStatus) => readonly Reading[];

const NO_LABELS: Labels = {};

/** The metrics that are read off the status at each scrape; the others follow events. */
export const STATUS_READINGS: Readonly<Partial<Record<MetricName, Read>>> = {
  leakwatch_watcher_state: ({ state }) => [{ labels: { state }, value: 1 }],
  leakwatch_watcher_start_timestamp_seconds: one((status) => status.startedAtMs / 1000),
  leakwatch_watcher_last_sample_timestamp_seconds: ofSample((sample) => sample.atMs / 1000),
  leakwatch_watcher_samples_total: one((status) => status.samples),
  leakwatch_watcher_errors_total: ({ errors }) =>
    Object.entries(errors).map(([stage, value]) => ({ labels: { stage }, value })),
  leakwatch_watcher_cpu_seconds_total: one((status) => status.cpuSeconds),
  leakwatch_heap_used_bytes: ofSample((sample) => sample.usedBytes),
  leakwatch_heap_live_bytes: one((status) => status.live?.bytes ?? 0),
  leakwatch_heap_live_timestamp_seconds: one((status) => (status.live?.atMs ?? 0) / 1000),
  leakwatch_heap_limit_bytes: ofSample((sample) => sample.limitBytes),
  leakwatch_memory_limit_bytes: one((status) => status.lastSample?.memoryLimitBytes ?? Infinity),
  leakwatch_memory_available_bytes: one((status) => status.lastSample?.memoryAvailableBytes ?? Infinity),
  leakwatch_resident_memory_bytes: ofSample((sample) => sample.rssBytes),
  leakwatch_array_buffers_bytes: ofSample((sample) => sample.arrayBuffersBytes),
  leakwatch_external_bytes: ofSample((sample) => sample.externalBytes),
  leakwatch_malloced_bytes: ofSample((sample) => sample.mallocedBytes),
  leakwatch_native_contexts: ofSample((sample) => sample.nativeContexts),
  leakwatch_detached_contexts: ofSample((sample) => sample.detachedContexts),
  leakwatch_heap_trend_bytes_per_second: ({ trends }) =>
    Object.entries(trends).map(([window, trend]) => ({ labels: { window }, value: trend.bytesPerSecond })),
  leakwatch_heap_exhaustion_timestamp_seconds: one(exhaustionSeconds),
  leakwatch_findings: findingCounts,
  leakwatch_suspect_growth_bytes_per_second: suspectGrowth,
};

function one(value: (status: DaemonStatus) => number): Read {
  return (status) => [{ labels: NO_LABELS, value: value(status) }];
}

function ofSample(value: (sample: HeapSample) => number): Read {
  return one(({ lastSample }) => (lastSample === null ? 0 : value(lastSample)));
}

/** Counted from the latest sample, so that the moment stands still while nothing new is known. */
function exhaustionSeconds({ timeToLimit, lastSample }: DaemonStatus): number {
  if (timeToLimit === null || lastSample === null) return Infinity;
  return lastSample.atMs / 1000 + timeToLimit.seconds;
}

function findingCounts({ findings }: DaemonStatus): readonly Reading[] {
  const counts = new Map<string, Reading>();
  for (const { kind, status, muted } of findings) {
    if (muted) continue;
    const key = `${kind} ${status}`;
    counts.set(key, { labels: { kind, status }, value: (counts.get(key)?.value ?? 0) + 1 });
  }
  return [...counts.values()];
}

function suspectGrowth({ findings }: DaemonStatus): readonly Reading[] {
  const open = findings.filter(({ status, muted }) => status !== 'resolved' && !muted);
  return SUSPECT_RANKS.flatMap((rank, index) => {
    const finding = open[index];
    return finding === undefined ? [] : [{ labels: { rank }, value: finding.growth.bytesPerSecond }];
  });
}
