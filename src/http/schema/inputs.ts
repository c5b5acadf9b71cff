/**
 * What each route takes, as schemas that check it. zod takes 13 MB of memory, so this file is loaded with the first
 * request that needs it: a watcher that is only read never pays for it.
 */
import { z } from 'zod';
import type { InputRouteName } from '../routes.js';

export interface InputSchema {
  /** Parameters of the query, each a string; null: the query is ignored. */
  readonly query: z.ZodType | null;
  /** The JSON body; null: none is read. */
  readonly body: z.ZodType | null;
}

/** Seconds in a query, in decimal digits. */
const seconds = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, `takes whole seconds from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `takes whole seconds from ${least} to ${most}`);

/** Kept with what was decided, and in the audit log. */
const reason = z
  .string()
  .trim()
  .min(10, 'takes 10 characters or more')
  .max(500, 'takes 500 characters at most');

export const INPUTS = {
  scan: {
    query: null,
    body: z.strictObject({
      /** Graphs to take and compare. One alone continues the series of the watcher, if there is one. */
      captures: z.int().min(1).max(6).default(1),
      /** Between the end of one capture and the beginning of the next. */
      spacingSeconds: z.number().min(1).max(300).default(10),
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
  recordHeapProfile: { query: z.strictObject({ seconds: seconds(1, 120).default(10) }), body: null },
  recordCpuProfile: { query: z.strictObject({ seconds: seconds(1, 120).default(10) }), body: null },
  // Listeners and proxies close a connection that is silent for 30 s.
  operation: { query: z.strictObject({ waitSeconds: seconds(0, 25).default(0) }), body: null },
  countLive: { query: null, body: z.strictObject({ className: z.string().trim().min(1).max(200) }) },
  probe: {
    query: null,
    body: z.strictObject({
      /** Of a finding, for the probe `leak`. */
      id: z.string().max(100).optional(),
    }),
  },
  evaluate: {
    query: null,
    body: z.strictObject({
      /** Without one, the request opens a session: it needs a reason then. */
      session: z.string().max(100).optional(),
      reason: reason.optional(),
      expression: z.string().min(1).max(8_000),
      mode: z.enum(['read-only', 'full']).optional(),
      /** Why reading is not enough; to open a session of the mode `full`. */
      secondReason: reason.optional(),
      /** Id of the finding whose owner is `$it`, from now on; at first the worst one. */
      finding: z.string().max(100).optional(),
    }),
  },
} as const satisfies Record<InputRouteName, InputSchema>;

type Output<T> = T extends z.ZodType ? z.output<T> : null;

/** What the handler of a route gets. */
export type InputOf<N> = N extends InputRouteName
  ? { readonly query: Output<(typeof INPUTS)[N]['query']>; readonly body: Output<(typeof INPUTS)[N]['body']> }
  : { readonly query: null; readonly body: null };
