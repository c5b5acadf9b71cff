import type { CaptureRecord } from '../capture/capture-record.js';
import type { Finding } from '../findings/finding.js';
import { type ReportCapture, type ReportInput, timedFinding } from '../report/report.js';
import { reachableLimit } from '../trend/time-to-limit.js';
import type { DaemonStatus } from './daemon-status.js';
import { bestTrend } from './live-heap.js';

/** What the report says of the daemon's state. */
export function reportInput(
  status: DaemonStatus,
  running: { readonly pid: number; readonly nodeVersion: string; readonly threadId: number },
): ReportInput {
  const { lastSample, live, timeToLimit } = status;
  const liveBytes = live?.bytes ?? lastSample?.usedBytes ?? 0;
  const limitBytes = lastSample?.limitBytes ?? 0;
  const reachable = reachableLimit(liveBytes, limitBytes, lastSample?.memoryAvailableBytes ?? null);
  const { direction, bytesPerSecond, low, high, windowMs } = bestTrend(status.trends);
  return {
    process: { ...running, startedAt: isoTime(status.startedAtMs) },
    watcher: {
      state: status.state,
      reason: status.reason,
      reasonCode: status.reasonCode,
      detail: status.reasonDetail,
      since: isoTime(status.startedAtMs),
      gcSource: status.gcSource.name,
      dumper: status.dumper.name,
      pace: status.pace,
      captures: status.captures.map(publishedCapture),
      cost: { cpuSeconds: status.cpuSeconds },
    },
    heap: {
      at: lastSample === null ? null : isoTime(lastSample.atMs),
      liveBytes,
      limitBytes,
      rssBytes: lastSample?.rssBytes ?? 0,
      externalBytes: lastSample?.externalBytes ?? 0,
      trend: { bytesPerSecond, low, high, windowMs: direction === 'unknown' ? 0 : windowMs },
      secondsToLimit: timeToLimit?.seconds ?? null,
      secondsToLimitRange: timeToLimit === null ? null : { low: timeToLimit.low, high: timeToLimit.high },
    },
    findings: status.findings.map((finding) =>
      withTimeToLimit(finding, timeToLimit?.seconds ?? null, reachable - liveBytes),
    ),
  };
}

export function publishedCapture({ id, atMs, ...capture }: CaptureRecord): ReportCapture {
  return { id, at: isoTime(atMs), ...capture };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The heap's forecast counts all growth and has an interval; without one, the finding's rate serves. */
function withTimeToLimit(finding: Finding, heapSeconds: number | null, roomBytes: number): Finding {
  const { bytesPerSecond } = finding.growth;
  // A finding outside the heap has its own figure, or none.
  if (bytesPerSecond <= 0 || finding.retainerPath.length === 0) return finding;
  return timedFinding(finding, heapSeconds ?? Math.max(0, roomBytes / bytesPerSecond));
}
