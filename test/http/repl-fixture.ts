import { SCOPES, type Scope } from '../../src/access/scope.js';
import { grantOf } from '../../src/access/token-grant.js';
import type { AuditedCall } from '../../src/audit/ops-audit.js';
import type { OpsDependencies } from '../../src/http/ops-dependencies.js';
import { issueToken } from '../../src/options/tokens.js';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { createRepl, type Repl } from '../../src/repl/repl.js';
import type { ReplMode } from '../../src/repl/sessions.js';
import { systemClock } from '../../src/runtime/clock.js';
import { report } from '../report/report-fixture.js';
import { authenticatorOf } from './ops-fixture.js';

class Order {
  readonly customer = 'never shown';
}
class OrderHistory {
  readonly byCustomer = new Map([['customer 1', new Order()]]);
}
const TIME_LIMIT_MS = 3000;
export const history = new OrderHistory();
export const REASON = 'orders grow since noon';
export const SECRET = 'env-open-sesame';
const TOKENS = new Map<Scope | 'all', string>(
  [...SCOPES, 'all' as const].map((scope) => [scope, issueToken()]),
);
export const token = (scope: Scope | 'all') => TOKENS.get(scope)!;

/** Real time, and what a test skips. */
let skippedMs = 0;
const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs };
/** The rest after an expression or a count is over. */
export const rest = () => {
  skippedMs += 300_000;
};

async function replOf(mode: ReplMode | 'off'): Promise<Repl> {
  const roots = new ExposedRoots();
  roots.expose('history', () => history);
  roots.expose('host', () => process);
  return await createRepl({
    clock,
    roots,
    mode,
    environment: { SECRET },
    pauseBudgetMs: 600_000,
    // Enough for the others, on a busy machine as well.
    limits: { runMs: TIME_LIMIT_MS, copyMs: TIME_LIMIT_MS, waitMs: 10_000 },
    findings: () => report().findings,
    sample: () => null,
    paused: () => {},
  });
}

/** The ports of a repl, and the calls that were recorded. */
export async function partsOf(
  mode: ReplMode | 'off',
  audited: AuditedCall[] = [],
): Promise<Partial<OpsDependencies>> {
  const { probes, expressions } = await replOf(mode);
  return {
    probes,
    expressions,
    audited: async (call) => {
      audited.push(call);
      return null;
    },
    authenticator: authenticatorOf(
      [...TOKENS].map(([scope, one]) => grantOf(one, { scopes: scope === 'all' ? SCOPES : [scope] })),
    ),
  };
}
