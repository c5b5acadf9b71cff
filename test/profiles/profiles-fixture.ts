import assert from 'node:assert/strict';
import { threadId } from 'node:worker_threads';
import type {
  OperationControl,
  OperationFile,
  OperationResult,
  Refused,
} from '../../src/operations/operation.js';
import { Operations } from '../../src/operations/operations.js';
import { cpuRecorder } from '../../src/profiles/cpu-recorder.js';
import { Profiles } from '../../src/profiles/profiles.js';
import { SampledSites } from '../../src/sampling/allocation-profiler.js';
import { createSamplingSlot } from '../../src/sampling/sampling-slot.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';

export const ORIGIN = { pid: 4711, threadId, nodeVersion: process.version, packageVersion: '1.2.3' };

/** Profiles of this thread, on V8's own profilers; time passes as the test advances the clock. */
export function profilesOfThisThread(intervalBytes = 16_384) {
  const clock = new ManualClock();
  const sites = new SampledSites(createSamplingSlot(), clock, {
    intervalBytes,
    spacingMs: 1000,
    tickMs: 1000,
  });
  sites.start(clock.now());
  const operations = new Operations(clock, createRecordingLogger());
  const pauses: number[] = [];
  const paused = (fromMs: number, toMs: number) => void pauses.push(toMs - fromMs);
  const parts = {
    sites,
    cpu: cpuRecorder,
    clock,
    operations,
    origin: ORIGIN,
    pauseBudgetMs: 60_000,
    paused,
    pauses,
  };
  return { ...parts, profiles: new Profiles(parts) };
}

export function granted<T>(value: T | Refused): T {
  if (typeof value === 'object' && value !== null && 'outcome' in value) throw new Error(value.detail);
  return value as T;
}

export function refusalOf(value: unknown): string {
  const { outcome, detail } = value as Refused;
  assert.equal(outcome, 'refused');
  return detail;
}

/** A control that keeps the progress, and cancels. */
export function control(): OperationControl & { readonly parts: (number | null)[]; cancel(): void } {
  const abort = new AbortController();
  const parts: (number | null)[] = [];
  return {
    signal: abort.signal,
    progress: (_step, part) => void parts.push(part),
    parts,
    cancel: () => abort.abort(),
  };
}

export function succeeded(result: OperationResult): Exclude<OperationResult, { error: unknown }> {
  if ('error' in result) throw new Error(result.error.detail);
  return result;
}

export async function bytesOf(files: readonly OperationFile[] = [], mediaType: string): Promise<Uint8Array> {
  const file = files.find((one) => one.mediaType === mediaType);
  if (file === undefined) throw new Error(`no ${mediaType}`);
  return await file.bytes();
}

const kept: object[] = [];

/** Objects that stay, each some 100 bytes. */
export function keepOrders(count: number): void {
  for (let id = 0; id < count; id++) kept.push({ id, items: [id, id + 1], customer: { name: `c${id}` } });
}

export function keepInvoices(count: number): void {
  for (let id = 0; id < count; id++) kept.push({ id, lines: [id, id + 1], total: { amount: id } });
}

/** Keeps the thread busy, in many short calls; returns for how many milliseconds. */
export async function keepBusy(ms: number): Promise<number> {
  const fromMs = performance.now();
  while (performance.now() < fromMs + ms) {
    burnCpu(2);
    await new Promise(setImmediate);
  }
  return performance.now() - fromMs;
}

/**
 * Short, since V8 shows a loop that it optimised while it ran, before the profile began, as part of the caller. If V8
 * inlines it, its time is `keepBusy`'s own.
 */
function burnCpu(ms: number): number {
  const endMs = performance.now() + ms;
  let sum = 1;
  while (performance.now() < endMs) for (let at = 0; at < 1000; at++) sum = Math.sqrt(sum + at);
  return sum;
}
