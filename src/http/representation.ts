import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import { escapeActive } from '../report/json.js';
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

/** The watcher's costs in a report's JSON. They come before any text from the heap, where quotes are escaped anyway. */
const COST = /"cost":\{[^{}]*\}/;

/** A value that is sent as JSON or as text. */
interface Presented<T> {
  readonly value: T;
  readonly json: string;
  /** Another one whenever the bytes differ, in either form; without one, the bytes are hashed, which takes longer. */
  readonly version?: string;
}

/**
 * Returns the same report until its content changes. The watcher's own CPU time changes with every reading, which would give
 * every response another tag: it is published as of the last other change. The JSON is made once, since that takes longest.
 */
export function createSteadyReport(): (report: Report) => Presented<Report> {
  let digest = '';
  let cost: Report['watcher']['cost'] | null = null;
  return (report) => {
    const json = JSON.stringify(report);
    const now = hash('sha256', json.replace(COST, ''));
    if (cost === null || now !== digest) cost = report.watcher.cost;
    digest = now;
    const published = JSON.stringify(cost);
    return {
      value: { ...report, watcher: { ...report.watcher, cost } },
      json: json.replace(COST, () => `"cost":${published}`),
      version: digest + published,
    };
  };
}

/** In the type that the client prefers, with a strong tag, another one for other bytes; 304 if the client has them already. */
export function negotiated<T>(
  { headers }: IncomingMessage,
  { value, json, version }: Presented<T>,
  renderText: (value: T) => string,
): OpsResponse {
  const type = preferredType(headers.accept);
  if (type === null) return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Available: ${MEDIA_TYPES.join(', ')}.`);
  const body = type === 'text/plain' ? renderText(value) : `${escapeActive(json)}\n`;
  const content = version === undefined ? body : `${type} ${version}`;
  const tag = `"${hash('sha256', content, 'base64url')}"`;
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
