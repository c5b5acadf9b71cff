/**
 * What each route answers, as schemas: `/ops/openapi.json` is made of them, and the tests check every answer against it.
 * zod takes 13 MB of memory, so nothing loads this file but the first request for that document.
 */
import { z } from 'zod';
import type { RouteName } from '../routes.js';
import type { RouteAnswers } from './answer.js';
import { FULL_GC, OPERATION } from './operation.js';
import { EXPRESSION_ANSWER, HANDLES, LEAK, LIVE_COUNT, MODULES } from './repl.js';
import { FINDING, REPORT } from './report.js';
import { STATUS } from './status.js';

const UNCHANGED = {
  description: 'The client has this representation already (If-None-Match).',
  headers: ['ETag', 'Vary'],
  content: null,
} as const;

const BEGUN = {
  description: 'The operation that was begun, or is running already for the same request.',
  headers: ['Location'],
  content: { 'application/json': OPERATION },
} as const;

export const ANSWERS = {
  leaks: {
    summary: 'The report: watcher, heap, trend and findings, worst first',
    answers: {
      200: {
        description: 'The report, as JSON or as text for a terminal.',
        headers: ['ETag', 'Vary'],
        content: { 'application/json': REPORT, 'text/plain': 'text' },
      },
      304: UNCHANGED,
    },
    errors: ['LEAKWATCH_ERR_NOT_ACCEPTABLE'],
  },
  scan: {
    summary: 'Captures the heap now and judges it',
    answers: { 202: BEGUN },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  leak: {
    summary: 'One finding, with its series of counts and bytes',
    answers: {
      200: {
        description: 'The finding, as JSON or as text for a terminal.',
        headers: ['ETag', 'Vary'],
        content: { 'application/json': FINDING, 'text/plain': 'text' },
      },
      304: UNCHANGED,
    },
    errors: ['LEAKWATCH_ERR_NOT_ACCEPTABLE'],
  },
  decide: {
    summary: 'Mutes, unmutes or acknowledges a finding',
    answers: { 200: { description: 'The finding as it is now.', content: { 'application/json': FINDING } } },
    errors: [],
  },
  status: {
    summary: 'The watcher: sources in use and why, errors, costs, options without secrets',
    answers: { 200: { description: 'The status.', content: { 'application/json': STATUS } } },
    errors: [],
  },
  collect: {
    summary: 'Runs a full GC',
    answers: {
      200: { description: 'The heap before and after it.', content: { 'application/json': FULL_GC } },
    },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  heapProfile: {
    summary: 'Live memory by the stack that allocated it, from the samples that the watcher takes',
    answers: {
      200: {
        description: 'The profile; pprof (gzipped) for a client without a preference.',
        headers: ['Content-Disposition', 'Vary', 'Profile-Since', 'Profile-Bytes'],
        content: {
          'application/octet-stream': 'bytes',
          'application/vnd.v8.heapprofile+json': 'bytes',
          'application/json': 'bytes',
        },
      },
    },
    errors: ['LEAKWATCH_ERR_NOT_ACCEPTABLE', 'LEAKWATCH_ERR_REFUSED'],
  },
  recordHeapProfile: {
    summary: 'Records what is allocated within a time and not freed by its end',
    answers: { 202: BEGUN },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  recordCpuProfile: {
    summary: 'Records where the thread spends its time',
    answers: { 202: BEGUN },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  operation: {
    summary: 'An operation: its progress, and its outcome once it has ended',
    answers: { 200: { description: 'The operation.', content: { 'application/json': OPERATION } } },
    errors: [],
  },
  cancelOperation: {
    summary: 'Cancels an operation',
    answers: {
      200: {
        description: 'The operation; it still runs if its work needs longer than two seconds to end.',
        content: { 'application/json': OPERATION },
      },
    },
    errors: ['LEAKWATCH_ERR_OPERATION_ENDED'],
  },
  operationFile: {
    summary: 'The file that an operation made, in the media type that the client prefers',
    answers: {
      200: {
        description: 'The file.',
        headers: ['Content-Disposition', 'Vary'],
        content: {
          'application/octet-stream': 'bytes',
          'application/vnd.v8.heapprofile+json': 'bytes',
          'application/vnd.v8.cpuprofile+json': 'bytes',
          'application/json': 'bytes',
        },
      },
    },
    errors: ['LEAKWATCH_ERR_NO_FILE', 'LEAKWATCH_ERR_NOT_ACCEPTABLE'],
  },
  countLive: {
    summary: 'The live instances of a class',
    answers: { 200: { description: 'The count.', content: { 'application/json': LIVE_COUNT } } },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  probeHandles: {
    summary: 'What is open in this thread, by type',
    answers: { 200: { description: 'The counts.', content: { 'application/json': HANDLES } } },
    errors: [],
  },
  probeModules: {
    summary: 'What the program exposed, and what grows',
    answers: { 200: { description: 'Names, counts and sizes.', content: { 'application/json': MODULES } } },
    errors: [],
  },
  probeLeak: {
    summary: 'The path of a finding, and how much its owner holds now',
    answers: {
      200: { description: 'The finding and its live owner.', content: { 'application/json': LEAK } },
    },
    errors: [],
  },
  evaluate: {
    summary: 'Evaluates an expression; off by default',
    answers: {
      200: {
        description: 'What became of the expression: also of one that was refused, or ended.',
        content: { 'application/json': EXPRESSION_ANSWER },
      },
    },
    errors: ['LEAKWATCH_ERR_BUSY', 'LEAKWATCH_ERR_REFUSED'],
  },
  metrics: {
    summary: 'The metrics in Prometheus format, on the own listener only',
    answers: { 200: { description: 'The exposition.', content: { 'text/plain': 'text' } } },
    errors: [],
  },
  openapi: {
    summary: 'This document',
    answers: {
      200: {
        description: 'An OpenAPI 3.1 document of every route, also of those that are off here.',
        content: { 'application/json': z.looseObject({ openapi: z.literal('3.1.1') }) },
      },
    },
    errors: [],
  },
} as const satisfies Record<RouteName, RouteAnswers>;

/** Schemas that the document lists by name instead of where they are used. */
export const COMPONENTS = { Report: REPORT, Finding: FINDING, Status: STATUS, Operation: OPERATION } as const;
