import { ERROR_CODES, type ErrorCode } from '../errors.js';
import { renderJson } from '../report/json.js';
import type { Answer } from './response.js';

/** Each code has a heading of its own there, so the type of a problem leads to its explanation. */
const TYPE_BASE = 'https://github.com/leakwatch/leakwatch/blob/main/docs/errors.md';
const REALM = 'Bearer realm="leakwatch"';

/** The `type` of problems with this code: a stable URI. */
export function problemType(code: ErrorCode): string {
  return `${TYPE_BASE}#${code.toLowerCase()}`;
}

/** An RFC 9457 answer. `detail` is shown to the client: it holds no path, no token and nothing of a stack. */
export function problem(
  code: ErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { status, title } = ERROR_CODES[code];
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json; charset=utf-8', ...headers },
    body: `${renderJson({ type: problemType(code), title, status, code, detail })}\n`,
  };
}

/** One for every cause, so that the answer tells nothing about paths or tokens. */
export const UNAUTHENTICATED: Answer = problem(
  'LEAKWATCH_ERR_UNAUTHENTICATED',
  "Send one header 'Authorization: Bearer TOKEN' with a token this watcher was given.",
  { 'WWW-Authenticate': REALM },
);

export const NOT_FOUND: Answer = problem('LEAKWATCH_ERR_NOT_FOUND', 'No route or finding has this address.');

export function insufficientScope(scope: string): Answer {
  return problem('LEAKWATCH_ERR_INSUFFICIENT_SCOPE', `The token lacks the scope '${scope}'.`, {
    'WWW-Authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"`,
  });
}

export function methodNotAllowed(allow: string): Answer {
  return problem('LEAKWATCH_ERR_METHOD_NOT_ALLOWED', `Allowed here: ${allow}.`, { Allow: allow });
}
