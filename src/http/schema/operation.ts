import { z } from 'zod';
import { CAPTURE_CAUSES } from '../../capture/capture-record.js';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';
import { OPERATION_STATES, OPERATION_STEPS, type OperationKind } from '../../operations/operation.js';
import { CAPTURE_FIELDS, FINDING } from './report.js';
import { bytes, count, list, milliseconds, share, time } from './values.js';

/** `result` of a scan. */
const SCAN = z.strictObject({
  summary: z.string().describe('What the scan can say, and what it cannot.'),
  warmingUp: z.boolean().describe('The program has only just started.'),
  endedBy: z.enum(CAPTURE_CAUSES).nullable().describe('The limit that ended it early.'),
  graphs: count.describe("Graphs in the series after the last one, the watcher's own captures included."),
  captures: list(z.strictObject({ ...CAPTURE_FIELDS, at: time })),
  findings: list(FINDING.pick({ id: true, status: true, title: true })),
});

/** `result` of recorded profiles; their bytes are files. */
const HEAP_PROFILE = z.strictObject({ seconds: count, samples: count, intervalBytes: count });
const CPU_PROFILE = z.strictObject({
  seconds: count,
  samples: count,
  intervalMicros: count,
  pausesMs: z
    .strictObject({ start: milliseconds, stop: milliseconds })
    .describe("Time that starting and stopping V8's profiler took on the service's thread."),
});

function operationOf<K extends OperationKind, R extends z.ZodType>(kind: K, result: R) {
  return z.strictObject({
    id: z.templateLiteral(['op-', z.string()]),
    kind: z.literal(kind),
    state: z.enum(OPERATION_STATES),
    startedAt: time,
    endedAt: time.nullable(),
    progress: PROGRESS.nullable(),
    result: result.nullable(),
    error: ERROR.nullable(),
    files: list(z.strictObject({ mediaType: z.string(), filename: z.string() })),
    principal: z.string(),
    requestId: z.string(),
  });
}

const PROGRESS = z.strictObject({
  step: z.enum(OPERATION_STEPS),
  part: share.nullable(),
  round: z.strictObject({ number: count, of: count }).nullable(),
});

const ERROR = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  title: z.string(),
  detail: z.string(),
});

export const OPERATION = z.discriminatedUnion('kind', [
  operationOf('scan', SCAN),
  operationOf('heap-profile', HEAP_PROFILE),
  operationOf('cpu-profile', CPU_PROFILE),
]);

const HEAP_SIZE = z.strictObject({ usedBytes: bytes, spaces: z.record(z.string(), bytes) });

export const FULL_GC = z.strictObject({
  at: time,
  pauseMs: milliseconds,
  freedBytes: z.number().describe('Negative if the heap has grown.'),
  before: HEAP_SIZE,
  after: HEAP_SIZE,
});
