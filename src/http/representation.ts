import { createHash } from 'node:crypto';
import Negotiator from 'negotiator';
import { renderJson } from '../report/json.js';
import type { Report } from '../report/report.js';
import { renderReport } from '../report/text.js';
import type { OpsResponse } from './response.js';

export const MEDIA_TYPES = ['application/json', 'text/plain'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/**
 * The media type that an `Accept` header prefers, or null if it accepts none of ours (RFC 9110, 12.5.1). Without a
 * preference the first wins. Offered as they are sent, since a client may ask for the charset as well.
 */
export function preferredType(accept: string | undefined): MediaType | null {
  const negotiator = new Negotiator({ headers: { accept: accept || '*/*' } });
  const offers = MEDIA_TYPES.map(contentType);
  const preferred = negotiator.mediaType(offers);
  return MEDIA_TYPES[offers.indexOf(preferred ?? '')] ?? null;
}

export type ReportRenderer = (report: Report, type: MediaType) => string;

/**
 * Renders reports so that a body changes only with the report's content. The watcher's own CPU time changes with every
 * reading, which would give every response another tag: it is published as of the last other change.
 * Keeps one body for each media type.
 */
export function createReportRenderer(): ReportRenderer {
  let digest = '';
  let kept: Report | null = null;
  const bodies = new Map<MediaType, string>();
  return (report, type) => {
    const now = sha256(JSON.stringify({ ...report, watcher: { ...report.watcher, cost: null } }));
    if (kept === null || now !== digest) {
      digest = now;
      kept = report;
      bodies.clear();
    }
    const body = bodies.get(type) ?? (type === 'text/plain' ? renderReport(kept) : `${renderJson(kept)}\n`);
    bodies.set(type, body);
    return body;
  };
}

/** A response with a strong tag over its bytes; 304 without a body if the client has them already. */
export function representation(type: MediaType, body: string, ifNoneMatch: string | undefined): OpsResponse {
  const tag = `"${sha256(body)}"`;
  const headers = { ETag: tag, Vary: 'Accept' };
  if (holds(ifNoneMatch, tag)) return { status: 304, headers, body: null };
  return { status: 200, headers: { ...headers, 'Content-Type': contentType(type) }, body };
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2): proxies that compress make a tag weak. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

function contentType(type: MediaType): string {
  return `${type}; charset=utf-8`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
