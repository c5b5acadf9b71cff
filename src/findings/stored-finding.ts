import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { MECHANISM_NAMES } from '../mechanisms/mechanisms.js';
import { bounded } from './bounded.js';
import { fingerprint, list, number, oneOf, orNull, shape, text, time } from './checked-value.js';
import { FINDING_STATUSES, type Finding } from './finding.js';

const EDGE_TYPES = ['root', 'property', 'element', 'variable', 'entry', 'internal'] as const;
const NODE_TYPES = ['object', 'array', 'closure', 'string', 'collection', 'other'] as const;

/** The stored part of a finding, without fields, places and reasons, which only the latest captures show. */
const STORED = {
  id: fingerprint,
  status: oneOf(FINDING_STATUSES),
  kind: oneOf(FINDING_KINDS),
  /** The words for its holder. */
  owner: text,
  confidence: number,
  firstSeen: time,
  lastSeen: time,
  confirmedAt: orNull(time),
  className: text,
  retainerPath: list(
    shape({ edge: text, edgeType: oneOf(EDGE_TYPES), node: text, nodeType: oneOf(NODE_TYPES) }),
  ),
  growth: shape({
    bytesPerSecond: number,
    objectsPerSecond: number,
    bytesPerRequest: orNull(number),
    shareOfGrowth: number,
    bytesScaled: (value: unknown) => value === true,
    steps: list(shape({ at: time, count: number, bytes: number })),
  }),
  // A later version may know further mechanisms.
  mechanism: (value: unknown) => MECHANISM_NAMES.find((name) => name === value) ?? null,
  package: orNull(shape({ name: text, version: orNull(text) })),
  yours: orNull(shape({ function: text, url: text, line: number, column: number })),
} satisfies { readonly [K in keyof Finding]?: (value: unknown, field: string) => Finding[K] } & {
  readonly owner: unknown;
};

export type StoredFinding = {
  readonly [K in keyof typeof STORED]: ReturnType<(typeof STORED)[K]>;
};

export const storedFinding = shape<StoredFinding>(STORED);

/** What is stored of it, with its names and lists cut. */
export function storable(finding: StoredFinding): StoredFinding {
  const names = Object.keys(STORED) as (keyof StoredFinding)[];
  return bounded(Object.fromEntries(names.map((name) => [name, finding[name]]))) as unknown as StoredFinding;
}
