import type { GcEvent } from '../../../src/sampling/gc-source.js';
import { createHeapReader, processReaders } from '../../../src/sampling/heap-reader.js';
import { SampleWindow } from '../../../src/trend/sample-window.js';
import { collect } from './collect.js';

/** 10^5 samples through reader and window, an hour and a half of watching; heap measured after warm-up and at the end. */
const BATCH = 10;
const STEP_MS = 50;
const WARM_UP = 20_000;
const SAMPLES = 100_000;

let elapsedMs = 0;
const clock = {
  now: () => 1_700_000_000_000 + elapsedMs,
  monotonicMs: () => elapsedMs,
  after: () => ({ cancel: () => undefined }),
};
const reader = createHeapReader(processReaders(), () => false, clock);
const window = new SampleWindow();
let taken = 0;

function sampleUpTo(count: number): number {
  while (taken < count) {
    const events = Array.from({ length: BATCH }, (): GcEvent => nextEvent());
    for (const sample of reader.afterGc(events)) window.add(sample);
    window.addCapturePoint(clock.now(), taken);
  }
  collect();
  return process.memoryUsage().heapUsed;
}

function nextEvent(): GcEvent {
  taken++;
  elapsedMs += STEP_MS;
  const usedBytes = 50e6 + taken;
  const kind = taken % 7 === 0 ? 'major' : 'minor';
  return {
    kind,
    startMs: elapsedMs,
    pauseMs: 1,
    figures: { usedBytes, beforeBytes: usedBytes, oldBytes: usedBytes },
  };
}

const afterWarmUp = sampleUpTo(WARM_UP);
const atEnd = sampleUpTo(SAMPLES);
const points = {
  capture: window.points('capture', 0).length,
  'major-gc': window.points('major-gc', 0).length,
  'upper-bound': window.points('upper-bound', 0).length,
};
console.log(JSON.stringify({ taken, afterWarmUp, atEnd, points }));
