export type { CaptureOutcome, CaptureRecord, CaptureTrigger, DumperName } from './capture/capture-record.js';
export type { WatcherEvents } from './daemon/daemon-status.js';
export { type ErrorCode, LeakwatchError } from './errors.js';
export type { Evidence, EvidenceRule, Finding, FindingKind, FindingStatus } from './findings/finding.js';
export type {
  AllocationSite,
  Bound,
  Expiry,
  Fingerprint,
  Mechanism,
  MemberLocation,
  PackageName,
  RetainerStep,
  SiteFrame,
} from './heap/suspects/suspect.js';
export type { MetricsRegistry } from './options/metrics-registry.js';
export type { CaptureMode, MetricsAuth, Options, ScheduleOptions } from './options/options.js';
export type { Pace } from './pace/pace.js';
export type { Report, ReportCapture, WatcherState } from './report/report.js';
export { renderReport } from './report/text.js';
export type { Logger, LogLevel } from './runtime/logger.js';
export type { GcKind, GcSourceName } from './sampling/gc-source.js';
export type { HeapSample } from './sampling/heap-sample.js';
export { type OpsHandler, type Watcher, watch } from './watcher.js';
