import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import { renderJson } from '../report/json.js';
import type { Report } from '../report/report.js';
import { problem } from './problem.js';
import type { OpsResponse } from './response.js';

const MEDIA_TYPES = ['application/json', 'text/plain'] as const;
type MediaType = (typeof MEDIA_TYPES)[number];

/**
 * The media type that an `Accept` header prefers, or null if it accepts none of ours (RFC 9110, 12.5.1). Without a
 * preference the first wins. Parameters other than `q` say nothing that we could offer.
 */
export function preferredType(accept: string | undefined): MediaType | null {
  const types = (accept || '*/*').replace(/;\s*(?!q\s*=)[^,;]*/gi, '');
  const preferred = new Negotiator({ headers: { accept: types } }).mediaType([...MEDIA_TYPES]);
  return MEDIA_TYPES.find((type) => type === preferred) ?? null;
}

/**
 * Returns the same report until its content changes. The watcher's own CPU time changes with every reading, which would give
 * every response another tag: it is published as of the last other change.
 */
export function createSteadyReport(): (report: Report) => Report {
  let digest = '';
  let kept: Report | null = null;
  return (report) => {
    const now = hash('sha256', JSON.stringify({ ...report, watcher: { ...report.watcher, cost: null } }));
    if (kept === null || now !== digest) kept = report;
    digest = now;
    return kept;
  };
}

/** `value` in the type that the client prefers, with a strong tag over its bytes; 304 if the client has them already. */
export function negotiated(
  { headers }: IncomingMessage,
  value: unknown,
  renderText: () => string,
): OpsResponse {
  const type = preferredType(headers.accept);
  if (type === null) return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Available: ${MEDIA_TYPES.join(', ')}.`);
  const body = type === 'text/plain' ? renderText() : `${renderJson(value)}\n`;
  const tag = `"${hash('sha256', body, 'base64url')}"`;
  const tagged = { ETag: tag, Vary: 'Accept' };
  if (holds(headers['if-none-match'], tag)) return { status: 304, headers: tagged, body: null };
  return { status: 200, headers: { ...tagged, 'Content-Type': contentType(type) }, body };
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2): proxies that compress make a tag weak. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

function contentType(type: MediaType): string {
  return `${type}; charset=utf-8`;
}
