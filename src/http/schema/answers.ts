/**
 * What each route answers, as schemas: `/ops/openapi.json` is made of them, and the tests check every answer against it.
 * zod takes 13 MB of memory, so nothing loads this file but the first request for that document.
 */
import { z } from 'zod';
import type { RouteName } from '../routes.js';
import type { RouteAnswers } from './answer.js';
import { FINDING, REPORT } from './report.js';
import { STATUS } from './status.js';

const UNCHANGED = {
  description: 'The client has this representation already (If-None-Match).',
  headers: ['ETag', 'Vary'],
  content: null,
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
  status: {
    summary: 'The watcher: sources in use and why, errors, costs, options without secrets',
    answers: { 200: { description: 'The status.', content: { 'application/json': STATUS } } },
    errors: [],
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
} as const satisfies Partial<Record<RouteName, RouteAnswers>>;

/** Schemas that the document lists by name instead of where they are used. */
export const COMPONENTS = { Report: REPORT, Finding: FINDING, Status: STATUS } as const;
