import type { Answer, Reply } from './fake-service.js';
import { problem } from './fake-service.js';

export const OPERATION = 'op-0123456789abcdef';

/** An operation as a service shows it. */
export function operation(changes: Readonly<Record<string, unknown>> = {}): Reply {
  return {
    body: {
      id: OPERATION,
      kind: 'scan',
      state: 'running',
      progress: { step: 'starting', part: null, round: null },
      result: null,
      error: null,
      principal: 'token-1',
      requestId: 'r-1',
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: null,
      files: [],
      ...changes,
    },
  };
}

/** The reply to the request that began it. */
export function accepted(reply: Reply): Reply {
  return { ...reply, status: 202, headers: { location: `/ops/operations/${OPERATION}` } };
}

/** Answers of a service that runs one operation: 202, then each of `steps` in turn, the last one for ever. */
export function following(steps: readonly Reply[], begun: Reply, others: Answer): Answer {
  let at = 0;
  let cancelled = false;
  return (request) => {
    if (request.line.startsWith('POST ')) return begun;
    if (request.line === `DELETE /ops/operations/${OPERATION}`) {
      cancelled = true;
      return operation({ state: 'cancelled', progress: null });
    }
    if (!request.line.startsWith(`GET /ops/operations/${OPERATION}?waitSeconds=`)) return others(request);
    if (cancelled) return operation({ state: 'cancelled', progress: null });
    const step = steps[Math.min(at, steps.length - 1)];
    at += 1;
    return step ?? problem(404, 'LEAKWATCH_ERR_NOT_FOUND', 'gone');
  };
}
