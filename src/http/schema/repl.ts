import { z } from 'zod';
import { FINDING_STATUSES } from '../../findings/finding.js';
import { RETAINER_STEP, SERIES } from './report.js';
import { count, list, milliseconds } from './values.js';

export const LIVE_COUNT = z.strictObject({
  count: count.describe('Instances of the class and of its subclasses.'),
  pauseMs: milliseconds.describe('How long the service stood still.'),
});

const unit = z.enum(['entries', 'elements', 'bytes', 'characters']);
const shape = {
  className: z.string(),
  size: count.nullable().describe('Null where V8 does not keep it.'),
  unit: unit.nullable(),
};

export const HANDLES = z.strictObject({
  total: count,
  types: z.record(z.string(), count).describe("By Node's name for the type; the most frequent 50."),
  descriptors: count.nullable().describe('Open file descriptors, at the latest sample; null if unknown.'),
});

const EXPOSED = z.strictObject({
  ...shape,
  name: z.string(),
  className: z.string().nullable(),
  fields: list(z.strictObject({ ...shape, name: z.string() })).describe(
    'Collections that it holds directly, largest first.',
  ),
  reason: z.string().nullable().describe('Why there is no value.'),
});

export const MODULES = z.strictObject({
  commonJsModules: count,
  exposed: list(EXPOSED),
  growing: list(
    z.strictObject({
      finding: z.string(),
      status: z.enum(FINDING_STATUSES),
      title: z.string(),
      className: z.string(),
      package: z.string().nullable(),
      count: z.number().nullable(),
      bytes: z.number().nullable(),
    }),
  ),
});

const OWNER = z.union([
  z.strictObject({ ...shape, found: z.literal(true), via: z.string() }),
  z.strictObject({ found: z.literal(false), reason: z.string() }),
]);

export const LEAK = z.strictObject({
  finding: z.string(),
  status: z.enum(FINDING_STATUSES),
  title: z.string(),
  path: list(RETAINER_STEP),
  series: SERIES,
  owner: OWNER.describe('The object that holds the members, and how much it holds now.'),
});

export const EXPRESSION_ANSWER = z.strictObject({
  outcome: z.enum(['value', 'done', 'thrown', 'refused', 'timeout', 'pending', 'syntax', 'failed']),
  preview: z.string().nullable().describe('The value, or what was thrown: cut, and redacted.'),
  reason: z.string().nullable().describe('Why there is no value.'),
  elapsedMs: milliseconds,
  it: z
    .strictObject({
      finding: z.string().nullable(),
      via: z.string().nullable(),
      reason: z.string().nullable(),
    })
    .nullable()
    .describe('What $it stood for; null if the expression does not name it.'),
  session: z.strictObject({
    id: z.string(),
    mode: z.enum(['read-only', 'full']),
    commandsLeft: count,
    idleSeconds: count.describe('The session ends if it is not used for so long.'),
  }),
});
