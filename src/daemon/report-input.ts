import type { Finding } from '../findings/finding.js';
import type { ReportInput } from '../report/report.js';
import { reachableLimit } from '../trend/time-to-limit.js';

import type { DaemonStatus } from './daemon-status.js';
import { bestTrend } from './live-heap.js';

/** What the report says of the daemon's state. */
export function reportInput(
  status: DaemonStatus,
  running: { readonly pid: number; readonly nodeVersion: string; readonly threadId: number },
): ReportInput {
  const { lastSample, live } = status;
  const liveBytes = live?.bytes ?? lastSample?.usedBytes ?? 0;
  const limitBytes = lastSample?.limitBytes ?? 0;
  const reachable = reachableLimit(liveBytes, limitBytes, lastSample?.memoryAvailableBytes ?? null);
  const { direction, bytesPerSecond, low, high, windowMs } = bestTrend(status.trends);
  return {
    process: { ...running, startedAtMs: status.startedAtMs },
    watcher: {
      state: status.state,
      reason: status.reason,
      reasonCode: status.reasonCode,
      detail: status.reasonDetail,
      sinceMs: status.startedAtMs,
      gcSource: status.gcSource.name,
      dumper: status.dumper.name,
      pace: status.pace,
      captures: status.captures,
      cpuSeconds: status.cpuSeconds,
    },
    heap: {
      atMs: lastSample?.atMs ?? null,
      liveBytes,
      limitBytes,
      rssBytes: lastSample?.rssBytes ?? 0,
      externalBytes: lastSample?.externalBytes ?? 0,
      trend: { bytesPerSecond, low, high, windowMs: direction === 'unknown' ? 0 : windowMs },
      timeToLimit: status.timeToLimit,
    },
    findings: status.findings.map((finding) =>
      withTimeToLimit(finding, status.timeToLimit?.seconds ?? null, reachable - liveBytes),
    ),
  };
}

/** The heap's forecast counts all growth and has an interval; without one, the finding's rate serves. */
function withTimeToLimit(finding: Finding, heapSeconds: number | null, roomBytes: number): Finding {
  const { bytesPerSecond } = finding.growth;
  // A finding outside the heap has its own figure, or none.
  if (bytesPerSecond <= 0 || finding.retainerPath.length === 0) return finding;
  return { ...finding, secondsToLimit: heapSeconds ?? Math.max(0, roomBytes / bytesPerSecond) };
}
