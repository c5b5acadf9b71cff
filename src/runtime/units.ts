/**
 * Units as people read them, in one place. Bytes are SI everywhere: 1 MB = 1,000,000 bytes, as in DevTools. Figures
 * that are not finite read `unknown`.
 */

/** For limits and thresholds in code; never shown to people. */
export const KIB = 1024;
export const MIB = 1024 * KIB;

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Below this many bytes a minute a rate reads better by the hour. */
const SLOW_BYTES_PER_MINUTE = 1000;

/** `12,310` */
export function formatCount(count: number): string {
  return Number.isFinite(count) ? Math.round(count).toLocaleString('en-US') : 'unknown';
}

/** `812 bytes`, `1.2 KB`, `14.2 MB`, `412 MB` */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown';
  let value = Math.abs(bytes);
  let unit = 0;
  // 999.5 would print as 1000: it belongs to the next unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${bytes < 0 ? '−' : ''}${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `+1.9 MB/min`, `−3.0 KB/min`, `+9.1 KB/h` */
export function formatRate(bytesPerSecond: number): string {
  if (!Number.isFinite(bytesPerSecond)) return 'unknown';
  const perMinute = bytesPerSecond * MINUTE;
  const slow = Math.abs(perMinute) < SLOW_BYTES_PER_MINUTE;
  const text = formatBytes(slow ? bytesPerSecond * HOUR : perMinute);
  return `${bytesPerSecond > 0 ? '+' : ''}${text}/${slow ? 'h' : 'min'}`;
}

/** `84 s`, `12 min`, `3 h 12 min`, `5 days` */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 2 * MINUTE) return `${whole} s`;
  const minutes = Math.round(whole / MINUTE);
  if (minutes < 90) return `${minutes} min`;
  if (whole < 2 * DAY)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${formatCount(whole / DAY)} days`;
}

/** `2 h 50 – 3 h 40`; `at least 2 h 50` where the far end is open. */
export function formatDurationRange(low: number, high: number | null): string {
  const short = (seconds: number) => formatDuration(seconds).replace(/^(\d+ h \d+) min$/, '$1');
  return high === null ? `at least ${short(low)}` : `${short(low)} – ${short(high)}`;
}

/** `14 ms`, `1.4 s` */
export function formatMilliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  return ms < 1000 ? `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Milliseconds with one decimal: for JSON, where a clock's own digits mean nothing. */
export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** `1 capture`, `12 captures`; `noun` in the singular, `nouns` where its plural has no s. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? noun : nouns}`;
}

/** `97 %` of a share between 0 and 1. */
export function formatShare(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : 'unknown';
}
