import type { RetainerStep } from '../heap/naming/retainer-step.js';
import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { fingerprint, list, MAX_TEXT, number, oneOf, orNull, record, text, time } from './checked-value.js';
import { FINDING_STATUSES, type Finding } from './finding.js';

/** Longer lists lose their end, longer names and lines are cut. */
const MAX_LIST = 64;

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

/** A finding as it is stored; what only the latest captures show (fields, places, reasons) is not. */
export type StoredFinding = Pick<Finding, Kept> & {
  /** The holder, as a person writes it. */
  readonly owner: string;
};

/** With its names and lists cut. */
export function storable(finding: StoredFinding): StoredFinding {
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

export function storedFinding(value: unknown): StoredFinding {
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
