import type { z } from 'zod';
import { plural } from '../../runtime/units.js';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a JSON object',
};

/** What is wrong with an input, where its schema has no words of its own; never the value that was sent. */
export function inputWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `takes ${TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `takes ${amountOf(issue.minimum, issue.origin)} or more`;
    case 'too_big':
      return `takes ${amountOf(issue.maximum, issue.origin)} at most`;
    case 'invalid_value':
      return `takes ${issue.values.map(String).join(' or ')}`;
    default:
      return undefined;
  }
}

function amountOf(count: number | bigint, origin: string): string {
  return origin === 'string' ? plural(Number(count), 'character') : String(count);
}

export type InputWords = typeof inputWords;
