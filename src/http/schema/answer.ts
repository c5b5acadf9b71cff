import type { z } from 'zod';
import type { ErrorCode } from '../../errors.js';

/** JSON of this schema, or what no schema describes. */
export type Content = z.ZodType | 'text' | 'bytes';

/** Headers that some answers have in addition to those of every answer. */
export const ANSWER_HEADERS = {
  ETag: 'Strong tag over the bytes of the body, for If-None-Match.',
  Vary: 'The request header that decides which representation is sent.',
  Location: 'Path of the operation.',
  'Retry-After': 'Seconds until the request may succeed.',
  'Content-Disposition': 'Name of the file, for a client that saves it.',
  'Profile-Since': 'When sampling began, ISO 8601: nothing that was allocated earlier is in the profile.',
  'Profile-Bytes': 'Sum of the profile, bytes.',
} as const;
export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** What a request gets that was not refused. */
export interface Answer {
  readonly description: string;
  /** That are always there. */
  readonly headers?: readonly AnswerHeader[];
  /** Media type, without parameters → what it holds; null: no body. */
  readonly content: Readonly<Record<string, Content>> | null;
}

export interface RouteAnswers {
  /** One line for a person, without a full stop. */
  readonly summary: string;
  /** Status → answer, of every success and redirection. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors of this route, in addition to those that every route has (`SHARED_ERRORS`). */
  readonly errors: readonly ErrorCode[];
}
