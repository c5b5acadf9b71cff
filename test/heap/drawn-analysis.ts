import assert from 'node:assert/strict';
import { type AnalysisResult, analyze } from '../../src/heap/analysis.js';
import { drawHeap, inChunks } from '../support/drawn-heap.js';

export type Success = Extract<AnalysisResult, { outcome: 'success' }>;

/** Analyses drawings one after the other, as snapshots of one process, a second apart; returns the latest result. */
export async function analyzeDrawings(drawings: readonly string[]): Promise<Success> {
  let latest: Success | null = null;
  for (const [index, drawing] of drawings.entries()) {
    const result = await analyze({
      snapshot: inChunks(drawHeap(drawing)),
      previous: latest?.series ?? null,
      capturedAtMs: index * 1000,
    });
    assert.ok(result.outcome === 'success', result.outcome === 'failure' ? JSON.stringify(result.cause) : '');
    latest = result;
  }
  assert.ok(latest !== null);
  return latest;
}

/** `draw(100)`, `draw(200)`, `draw(300)`: what grows by a hundred each time. */
export function growing(draw: (count: number) => string): Promise<Success> {
  return analyzeDrawings([100, 200, 300].map(draw));
}
