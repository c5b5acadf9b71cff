/**
 * One line of the audit log: a JSON object that ends in the members `previous`, the hash of the line before it, and
 * `hash`, the SHA-256 of the line's own text without the member `hash`. So each line vouches for all lines before it,
 * and a check needs no agreement on how JSON is written: it hashes the text as it stands.
 */
import { hash } from 'node:crypto';
import { renderJson } from '../report/json.js';

/** `previous` of a line that follows none. */
export const NO_HASH = '0'.repeat(64);
/** No entry is longer: an expression has at most 8,000 characters, each written as 6 bytes at most. */
export const MAX_LINE_BYTES = 64 * 1024;

/** What happened, as members of a line; the names `seq`, `at`, `previous` and `hash` are the log's own. */
export interface AuditEntry {
  readonly event: string;
  readonly [member: string]: unknown;
}

export interface AuditLine {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly event: string;
  readonly previous: string;
  readonly hash: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Someone may put a token where it does not belong, such as into a reason. */
const TOKEN = /lwt_[A-Za-z0-9_-]{48}/g;
const OWN_HASH = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s;
const HASH = /^[0-9a-f]{64}$/;

/** The text of a line, without its newline, and its hash. */
export function auditLine(
  { seq, atMs, previous }: { readonly seq: number; readonly atMs: number; readonly previous: string },
  entry: AuditEntry,
): { readonly text: string; readonly hash: string } {
  const members = { seq, at: new Date(atMs).toISOString(), ...entry, previous };
  const body = renderJson(members).replace(TOKEN, 'lwt_…');
  const own = hash('sha256', body);
  return { text: `${body.slice(0, -1)},"hash":"${own}"}`, hash: own };
}

/** Null if it is no line of the log; `isIntact` is false if its text does not have its hash. */
export function readAuditLine(text: string): { readonly line: AuditLine; readonly isIntact: boolean } | null {
  const [, body, own] = OWN_HASH.exec(text) ?? [];
  if (body === undefined || own === undefined) return null;
  try {
    const members = JSON.parse(text) as Record<string, unknown>;
    const { seq, at, event, previous } = members;
    if (!Number.isSafeInteger(seq) || typeof at !== 'string' || typeof event !== 'string') return null;
    if (typeof previous !== 'string' || !HASH.test(previous)) return null;
    const line = { seq: seq as number, at, event, previous, hash: own, members };
    return { line, isIntact: hash('sha256', `${body}}`) === own };
  } catch {
    return null;
  }
}
