/**
 * What each route takes, as schemas that check it. zod takes 13 MB of memory, so this file is loaded with the first
 * request that needs it: a watcher that is only read never pays for it.
 */
import { z } from 'zod';
import type { InputRouteName } from '../routes.js';

export { inputWords } from './input-words.js';

export interface InputSchema {
  /** Parameters of the query, each a string; null: the query is ignored. */
  readonly query: z.ZodType | null;
  /** The JSON body; null: none is read. */
  readonly body: z.ZodType | null;
}

/** Whole seconds in a query, in decimal digits; an integer to whoever reads the OpenAPI document. */
const seconds = (least: number, most: number, otherwise: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,4}$/, `takes whole seconds from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `takes whole seconds from ${least} to ${most}`)
    .default(otherwise)
    .meta({
      type: 'integer',
      minimum: least,
      maximum: most,
      // zod leaves out the default of what it converts.
      description: `${description} Default: ${otherwise}.`,
    });

const recording = {
  query: z.strictObject({ seconds: seconds(1, 120, 10, 'How long to record.') }),
  body: null,
};

const reason = z
  .string()
  .trim()
  .min(10, 'takes 10 characters or more')
  .max(500, 'takes 500 characters at most')
  .describe('Kept with what was decided, and in the audit log.');

export const INPUTS = {
  scan: {
    query: null,
    body: z.strictObject({
      captures: z
        .int()
        .min(1)
        .max(6)
        .default(3)
        .describe(
          'Graphs to take and compare. One alone continues the series of the watcher, if there is one.',
        ),
      spacingSeconds: z
        .number()
        .min(1)
        .max(300)
        .default(10)
        .describe('From the end of one capture to the beginning of the next.'),
    }),
  },
  decide: {
    query: null,
    body: z
      .strictObject({ muted: z.boolean().optional(), acknowledged: z.boolean().optional(), reason })
      .refine(
        ({ muted, acknowledged }) => muted !== undefined || acknowledged !== undefined,
        'takes muted, acknowledged or both',
      ),
  },
  recordHeapProfile: recording,
  recordCpuProfile: recording,
  // Listeners and proxies close a connection that is silent for 30 s.
  operation: {
    query: z.strictObject({ waitSeconds: seconds(0, 25, 0, 'How long to wait for its end.') }),
    body: null,
  },
  countLive: { query: null, body: z.strictObject({ className: z.string().trim().min(1).max(200) }) },
  probeLeak: { query: null, body: z.strictObject({ id: z.string().max(100).describe('Of a finding.') }) },
  evaluate: {
    query: null,
    body: z.strictObject({
      session: z
        .string()
        .max(100)
        .optional()
        .describe('Without one, the request opens a session: it needs a reason then.'),
      reason: reason.optional(),
      expression: z.string().min(1).max(8_000).optional().describe('Needed, unless the session is ended.'),
      end: z.literal(true).optional().describe('Ends the session, without an expression.'),
      mode: z.enum(['read-only', 'full']).optional(),
      secondReason: reason
        .optional()
        .describe('Why reading is not enough; to open a session of the mode full.'),
      finding: z
        .string()
        .max(100)
        .optional()
        .describe('Id of the finding whose owner is $it, from now on; at first the worst one.'),
    }),
  },
} as const satisfies Record<InputRouteName, InputSchema>;

type Output<T> = T extends z.ZodType ? z.output<T> : null;

/** What the handler of a route gets. */
export type InputOf<N> = N extends InputRouteName
  ? { readonly query: Output<(typeof INPUTS)[N]['query']>; readonly body: Output<(typeof INPUTS)[N]['body']> }
  : { readonly query: null; readonly body: null };
