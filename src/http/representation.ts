import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import type { Finding } from '../findings/finding.js';
import { escapeActive, renderJson } from '../report/json.js';
import {
  buildReport,
  type Report,
  type ReportInput,
  reportedFinding,
  reportedFindings,
  untimedFinding,
} from '../report/report.js';
import { renderReport, renderWithSeries } from '../report/text.js';
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

/** A value that is sent as JSON or as text, neither of which is made before it is needed. */
interface Presented {
  /** Whole, with its last newline. */
  json(): Uint8Array;
  text(): string;
  /** Another one whenever the bytes differ, in either form; without one, the bytes are hashed, which takes longer. */
  readonly version?: string;
}

/** The JSON of a finding around its time to the limit. */
interface FindingParts {
  readonly before: Buffer;
  readonly after: Buffer;
  readonly digest: string;
}

/** Made once, since they are nearly all of a report, and those of 50 findings would take milliseconds for each client. */
const parts = new WeakMap<Finding, FindingParts>();

function partsOf(finding: Finding): FindingParts {
  const known = parts.get(finding);
  if (known !== undefined) return known;
  const members = Object.entries(reportedFinding(finding));
  const at = members.findIndex(([name]) => name === 'secondsToLimit');
  const json = (some: typeof members) => renderJson(Object.fromEntries(some)).slice(1, -1);
  const [first, rest] = [json(members.slice(0, at)), json(members.slice(at + 1))];
  const before = `{${first === '' ? '' : `${first},`}"secondsToLimit":`;
  const after = `${rest === '' ? '' : `,${rest}`}}`;
  const made = {
    before: Buffer.from(before),
    after: Buffer.from(after),
    digest: hash('sha256', before + after),
  };
  parts.set(finding, made);
  return made;
}

interface SentFinding {
  readonly json: readonly Buffer[];
  /** Another one whenever the JSON differs. */
  readonly version: string;
}

function sentFinding(finding: Finding): SentFinding {
  const { before, after, digest } = partsOf(untimedFinding(finding));
  // Null for what is not finite, as in a report.
  const time = JSON.stringify(finding.secondsToLimit);
  return { json: [before, Buffer.from(time), after], version: `${digest} ${time}` };
}

/**
 * Returns the same report until its content changes. The watcher's own CPU time changes with every reading, which would give
 * every response another tag: it is published as of the last other change.
 */
export function createSteadyReport(): (input: ReportInput) => Presented {
  let digest = '';
  let cost: Report['watcher']['cost'] | null = null;
  return (input) => {
    const findings = reportedFindings(input.findings).map(sentFinding);
    const frame = buildReport({ ...input, findings: [] });
    const json = JSON.stringify(frame);
    const now = hash('sha256', [json.replace(COST, ''), ...findings.map((one) => one.version)].join(' '));
    if (cost === null || now !== digest) cost = frame.watcher.cost;
    digest = now;
    const steady = cost;
    const published = JSON.stringify(steady);
    return {
      json: () =>
        reportJson(
          json.replace(COST, () => `"cost":${published}`),
          findings,
        ),
      text: () => renderReport(buildReport({ ...input, watcher: { ...input.watcher, cost: steady } })),
      version: digest + published,
    };
  };
}

/** `frame`: the JSON of the report without its findings, which are its last member. */
function reportJson(frame: string, findings: readonly SentFinding[]): Uint8Array {
  const comma = Buffer.from(',');
  const list = findings.flatMap(({ json }, at) => (at === 0 ? json : [comma, ...json]));
  return Buffer.concat([
    Buffer.from(escapeActive(frame.slice(0, -']}'.length))),
    ...list,
    Buffer.from(']}\n'),
  ]);
}

/** One finding of a report. */
export function presentedFinding(finding: Finding, input: ReportInput): Presented {
  return {
    json: () => Buffer.concat([...sentFinding(finding).json, Buffer.from('\n')]),
    // Its text shows figures of the report as well.
    text: () => renderWithSeries(reportedFinding(finding), buildReport({ ...input, findings: [] })),
  };
}

/** In the type that the client prefers, with a strong tag, another one for other bytes; 304 if the client has them already. */
export function negotiated({ headers }: IncomingMessage, presented: Presented): OpsResponse {
  const type = preferredType(headers.accept);
  if (type === null) return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Available: ${MEDIA_TYPES.join(', ')}.`);
  const body = () => (type === 'text/plain' ? presented.text() : presented.json());
  const { version } = presented;
  const tag = `"${hash('sha256', version === undefined ? body() : `${type} ${version}`, 'base64url')}"`;
  const tagged = { ETag: tag, Vary: 'Accept' };
  if (holds(headers['if-none-match'], tag)) return { status: 304, headers: tagged, body: null };
  return { status: 200, headers: { ...tagged, 'Content-Type': contentType(type) }, body: body() };
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2): proxies that compress make a tag weak. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

function contentType(type: MediaType): string {
  return `${type}; charset=utf-8`;
}
