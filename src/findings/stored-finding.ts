import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { MECHANISM_NAMES } from '../mechanisms/mechanisms.js';
import { fingerprint, list, MAX_TEXT, number, oneOf, orNull, shape, text, time } from './checked-value.js';
import { FINDING_STATUSES, type Finding } from './finding.js';

/** Longer lists lose their beginning, longer names and lines their end. */
const MAX_LIST = 64;

const EDGE_TYPES = ['root', 'property', 'element', 'variable', 'entry', 'internal'] as const;
const NODE_TYPES = ['object', 'array', 'closure', 'string', 'collection', 'other'] as const;

/** What is stored of a finding; what only the latest captures show (fields, places, reasons) is not. */
const STORED = {
  id: fingerprint,
  status: oneOf(FINDING_STATUSES, 'status'),
  kind: oneOf(FINDING_KINDS, 'kind'),
  /** The words for its holder. */
  owner: text('owner'),
  confidence: number('confidence'),
  firstSeen: time,
  lastSeen: time,
  confirmedAt: orNull(time),
  className: text('className'),
  retainerPath: list(
    MAX_LIST,
    shape({
      edge: text('retainerPath'),
      edgeType: oneOf(EDGE_TYPES, 'retainerPath'),
      node: text('retainerPath'),
      nodeType: oneOf(NODE_TYPES, 'retainerPath'),
    }),
  ),
  growth: shape({
    bytesPerSecond: number('growth'),
    objectsPerSecond: number('growth'),
    bytesPerRequest: orNull(number('growth')),
    shareOfGrowth: number('growth'),
    bytesScaled: (value: unknown) => value === true,
    steps: list(MAX_LIST, shape({ at: time, count: number('growth'), bytes: number('growth') })),
  }),
  // A later version may know further mechanisms.
  mechanism: (value: unknown) => MECHANISM_NAMES.find((name) => name === value) ?? null,
  package: orNull(shape({ name: text('package'), version: orNull(text('package')) })),
  yours: orNull(
    shape({ function: text('yours'), url: text('yours'), line: number('yours'), column: number('yours') }),
  ),
} satisfies { readonly [K in keyof Finding]?: (value: unknown) => Finding[K] } & { readonly owner: unknown };

export type StoredFinding = {
  readonly [K in keyof typeof STORED]: ReturnType<(typeof STORED)[K]>;
};

export const storedFinding: (value: unknown) => StoredFinding = shape<StoredFinding>(STORED);

/** What is stored of it, with its names and lists cut. */
export function storable(finding: StoredFinding): StoredFinding {
  const names = Object.keys(STORED) as (keyof StoredFinding)[];
  return Object.fromEntries(names.map((name) => [name, bounded(finding[name])])) as unknown as StoredFinding;
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT - 1)}…`;
  if (Array.isArray(value)) return value.slice(-MAX_LIST).map(bounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, bounded(one)]));
}
