import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';
import { problemType } from '../problem.js';

/** Of Node's parser and server, which refuse what is no request yet: status → why. They have no code of ours. */
const BROKEN: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  408: 'The request took too long.',
  413: 'The chunk extensions of the body are too long.',
  431: 'The headers are too long.',
};

/** What any request can get, whatever its route. */
export const SHARED_ERRORS = [
  'LEAKWATCH_ERR_BAD_REQUEST',
  'LEAKWATCH_ERR_UNAUTHENTICATED',
  'LEAKWATCH_ERR_INSUFFICIENT_SCOPE',
  'LEAKWATCH_ERR_CROSS_SITE',
  'LEAKWATCH_ERR_NOT_FOUND',
  'LEAKWATCH_ERR_METHOD_NOT_ALLOWED',
  'LEAKWATCH_ERR_MISDIRECTED',
  'LEAKWATCH_ERR_TOO_MANY_REQUESTS',
  'LEAKWATCH_ERR_INTERNAL',
  'LEAKWATCH_ERR_REFUSED',
] as const satisfies readonly ErrorCode[];

export interface ProblemAnswer {
  readonly description: string;
  readonly schema: z.ZodType;
}

/** Status → the problems that have it, of these codes and of Node's HTTP server. */
export function problemAnswers(codes: readonly ErrorCode[]): ReadonlyMap<number, ProblemAnswer> {
  const statuses = new Set([
    ...codes.map((code) => ERROR_CODES[code].status),
    ...Object.keys(BROKEN).map(Number),
  ]);
  const answers = [...statuses]
    .sort((a, b) => a - b)
    .map((status): [number, ProblemAnswer] => {
      const own = [...new Set(codes)].filter((code) => ERROR_CODES[code].status === status).sort();
      const schemas = [...own.map(problemOf), ...(BROKEN[status] === undefined ? [] : [brokenOf(status)])];
      const titles = own.map((code) => ERROR_CODES[code].title);
      const description = titles.length > 0 ? titles.join(' ') : BROKEN[status]!;
      return [status, { description, schema: schemas.length === 1 ? schemas[0]! : z.union(schemas) }];
    });
  return new Map(answers);
}

function problemOf(code: ErrorCode): z.ZodType {
  const { title, status } = ERROR_CODES[code];
  return z.strictObject({
    type: z.literal(problemType(code)),
    title: z.literal(title),
    status: z.literal(status),
    code: z.literal(code),
    detail: z.string().min(1),
  });
}

function brokenOf(status: number): z.ZodType {
  return z.strictObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.literal(status),
  });
}
