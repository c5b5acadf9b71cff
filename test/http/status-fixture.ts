import type { OpsStatus } from '../../src/http/schema/status.js';

const trend = {
  direction: 'unknown',
  basis: 'upper-bound',
  bytesPerSecond: 0,
  low: 0,
  high: 0,
  windowMs: 0,
  points: 0,
  shifted: false,
} as const;

/** Of a watcher that has just started. */
export function opsStatus(changes: Partial<OpsStatus> = {}): OpsStatus {
  return {
    state: 'watching',
    reason: 'spacing: the next capture is due in 20 s',
    gcSource: { name: 'built-in', reason: 'no other source is installed' },
    dumper: { name: 'fork', reason: 'the addon is built for this platform' },
    samples: 1,
    errors: { sampling: 0, trend: 0, capture: 0, analysis: 0, findings: 0, store: 0 },
    trends: { short: trend, medium: trend, long: trend },
    lastSample: null,
    captures: [],
    census: null,
    sites: { state: 'off', reason: 'stopped', intervalBytes: null, since: null, readings: 0, readMs: 0 },
    listener: null,
    stateDirectory: null,
    audit: { state: 'failing', reason: 'no state directory can be used', file: null, lines: 0, head: null },
    access: { tokens: [], tokenFile: null, authorize: false, jwt: false, clients: 0 },
    options: { pace: 'production' },
    rules: { warmUpMs: 60_000 },
    ...changes,
  };
}
