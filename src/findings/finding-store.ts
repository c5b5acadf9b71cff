/**
 * What is kept of findings over restarts, as one JSON text. Values come from a file that anybody with the rights may have
 * written or cut off: everything is looked at, and one malformed value makes the whole of it unusable.
 */
import type { Fingerprint, RetainerStep } from '../heap/naming/retainer-step.js';
import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { FINDING_STATUSES, type Finding } from './finding.js';
import { MAX_MUTED } from './muted-findings.js';

const VERSION = 1;
/** Findings kept; the mildest are left out. */
const MAX_FINDINGS = 50;
/** Length of the text, characters; the mildest findings are left out of a longer one. */
export const MAX_STORED_LENGTH = 1_000_000;
/** Longer names and lines are cut, longer lists lose their end. */
const MAX_TEXT = 500;
const MAX_LIST = 64;
/** What has not been seen for so long is forgotten. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

type Kept =
  | 'id'
  | 'status'
  | 'kind'
  | 'confidence'
  | 'firstSeen'
  | 'lastSeen'
  | 'confirmedAt'
  | 'className'
  | 'retainerPath'
  | 'growth'
  | 'mechanism'
  | 'package'
  | 'yours';

/** A finding as it is kept; what only the latest captures tell (fields, places, reasons) is not. */
export type StoredFinding = Pick<Finding, Kept> & {
  /** The holder, as a person writes it. */
  readonly owner: string;
};

export interface StoredFindings {
  /** Worst first. */
  readonly findings: readonly StoredFinding[];
  readonly muted: readonly Fingerprint[];
}

export type DecodedFindings =
  | { readonly outcome: 'success'; readonly stored: StoredFindings }
  | { readonly outcome: 'failure'; readonly reason: string };

export function encodeFindings({ findings, muted }: StoredFindings): string {
  const kept = findings.slice(0, MAX_FINDINGS).map(keptOf);
  const text = () => JSON.stringify({ version: VERSION, findings: kept, muted: muted.slice(-MAX_MUTED) });
  let json = text();
  while (json.length > MAX_STORED_LENGTH && kept.length > 0) {
    kept.length = Math.floor(kept.length / 2);
    json = text();
  }
  return json;
}

/** `nowMs`: findings that were last seen more than 30 days before are left out, mutes stay. */
export function decodeFindings(text: string, nowMs: number): DecodedFindings {
  if (text.length > MAX_STORED_LENGTH) return failure(`it is longer than ${MAX_STORED_LENGTH} characters`);
  try {
    const { version, findings, muted } = record(JSON.parse(text));
    if (version !== VERSION)
      return failure(`it is of version ${String(version).slice(0, 20)}, not ${VERSION}`);
    const known = list(findings, MAX_FINDINGS, storedFinding);
    return {
      outcome: 'success',
      stored: {
        findings: known.filter(({ lastSeen }) => nowMs - Date.parse(lastSeen) <= MAX_AGE_MS),
        muted: list(muted, MAX_MUTED, fingerprint),
      },
    };
  } catch (error) {
    return failure(error instanceof Malformed ? `its ${error.message} is malformed` : 'it is no JSON');
  }
}

function failure(reason: string): DecodedFindings {
  return { outcome: 'failure', reason };
}

function keptOf(finding: StoredFinding): StoredFinding {
  const { retainerPath, growth, yours, package: origin } = finding;
  return {
    id: finding.id,
    status: finding.status,
    kind: finding.kind,
    owner: cut(finding.owner),
    confidence: finding.confidence,
    firstSeen: finding.firstSeen,
    lastSeen: finding.lastSeen,
    confirmedAt: finding.confirmedAt,
    className: cut(finding.className),
    retainerPath: retainerPath
      .slice(-MAX_LIST)
      .map((step) => ({ ...step, edge: cut(step.edge), node: cut(step.node) })),
    growth: { ...growth, steps: growth.steps.slice(-MAX_LIST) },
    mechanism: finding.mechanism,
    package: origin && {
      name: cut(origin.name),
      version: origin.version === null ? null : cut(origin.version),
    },
    yours: yours && { ...yours, function: cut(yours.function), url: cut(yours.url) },
  };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

class Malformed extends Error {}

function storedFinding(value: unknown): StoredFinding {
  const one = record(value);
  return {
    id: fingerprint(one.id),
    status: oneOf(one.status, FINDING_STATUSES, 'status'),
    kind: oneOf(one.kind, FINDING_KINDS, 'kind'),
    owner: text(one.owner, 'owner'),
    confidence: number(one.confidence, 'confidence'),
    firstSeen: time(one.firstSeen),
    lastSeen: time(one.lastSeen),
    confirmedAt: orNull(one.confirmedAt, time),
    className: text(one.className, 'className'),
    retainerPath: list(one.retainerPath, MAX_LIST, retainerStep),
    growth: growth(one.growth),
    mechanism: orNull(one.mechanism, (name) => text(name, 'mechanism') as NonNullable<Finding['mechanism']>),
    package: orNull(one.package, (origin) => {
      const { name, version } = record(origin);
      return { name: text(name, 'package'), version: orNull(version, (known) => text(known, 'package')) };
    }),
    yours: orNull(one.yours, (location) => {
      const { function: name, url, line, column } = record(location);
      return {
        function: text(name, 'yours'),
        url: text(url, 'yours'),
        line: number(line, 'yours'),
        column: number(column, 'yours'),
      };
    }),
  };
}

const EDGE_TYPES = ['root', 'property', 'element', 'variable', 'entry', 'internal'] as const;
const NODE_TYPES = ['object', 'array', 'closure', 'string', 'collection', 'other'] as const;

function retainerStep(value: unknown): RetainerStep {
  const { edge, edgeType, node, nodeType } = record(value);
  return {
    edge: text(edge, 'retainerPath'),
    edgeType: oneOf(edgeType, EDGE_TYPES, 'retainerPath'),
    node: text(node, 'retainerPath'),
    nodeType: oneOf(nodeType, NODE_TYPES, 'retainerPath'),
  };
}

function growth(value: unknown): Finding['growth'] {
  const one = record(value);
  return {
    bytesPerSecond: number(one.bytesPerSecond, 'growth'),
    objectsPerSecond: number(one.objectsPerSecond, 'growth'),
    bytesPerRequest: orNull(one.bytesPerRequest, (bytes) => number(bytes, 'growth')),
    shareOfGrowth: number(one.shareOfGrowth, 'growth'),
    bytesScaled: one.bytesScaled === true,
    steps: list(one.steps, MAX_LIST, (step) => {
      const { at, count, bytes } = record(step);
      return { at: time(at), count: number(count, 'growth'), bytes: number(bytes, 'growth') };
    }),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('structure');
  return value as Readonly<Record<string, unknown>>;
}

function list<T>(value: unknown, most: number, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Malformed('structure');
  return value.slice(0, most).map(read);
}

function orNull<T>(value: unknown, read: (one: unknown) => T): T | null {
  return value === null ? null : read(value);
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw new Malformed(field);
  return value;
}

function number(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(field);
  return value;
}

function time(value: unknown): string {
  const iso = text(value, 'time');
  if (!Number.isFinite(Date.parse(iso))) throw new Malformed('time');
  return iso;
}

function fingerprint(value: unknown): Fingerprint {
  if (typeof value !== 'string' || !/^lw-[0-9a-f]{16}$/.test(value)) throw new Malformed('id');
  return value as Fingerprint;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Malformed(field);
  return found;
}
