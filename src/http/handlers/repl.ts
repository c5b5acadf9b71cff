import type { LiveCount } from '../../repl/live-objects.js';
import type { RouteHandlers } from '../call.js';
import type { OpsDependencies } from '../ops-dependencies.js';
import { insufficientScope, NO_FINDING, problem, retryAfter } from '../problem.js';
import { json, type OpsResponse } from '../response.js';

type ReplRoute = 'countLive' | 'probeHandles' | 'probeModules' | 'probeLeak' | 'evaluate';

/** Named probes, and expressions where they are on. */
export function createReplHandlers({
  probes,
  expressions,
}: Pick<OpsDependencies, 'probes' | 'expressions'>): Pick<RouteHandlers, ReplRoute> {
  return {
    countLive: ({ body: { className } }) => liveCount(probes.live(className)),
    probeHandles: () => json(probes.handles()),
    probeModules: () => json(probes.modules()),
    probeLeak: ({ body: { id } }) => {
      const leak = probes.leak(id);
      return leak === null ? NO_FINDING : json(leak);
    },
    evaluate:
      expressions === null
        ? null
        : async ({ principal, requestId, body }) => {
            const outcome = await expressions.evaluate({
              ...body,
              principal: principal.id,
              mayFull: principal.scopes.has('eval:full'),
              requestId,
            });
            if ('answer' in outcome) return json(outcome.answer);
            if (outcome.refused === 'scope') return insufficientScope('eval:full', principal);
            if (outcome.refused === 'input')
              return problem('LEAKWATCH_ERR_INVALID_INPUT', `body.${outcome.field}: ${outcome.reason}.`);
            return outcome.refused === 'unsafe'
              ? refusal('LEAKWATCH_ERR_REFUSED', outcome)
              : refusal('LEAKWATCH_ERR_BUSY', outcome);
          },
  };
}

function liveCount(counted: LiveCount | null): OpsResponse {
  if (counted === null)
    return problem(
      'LEAKWATCH_ERR_NOT_FOUND',
      'No class of this name can be reached: expose the class, or an object that leads to an instance.',
    );
  if (!('refused' in counted)) return json(counted);
  if (counted.refused === 'class')
    return problem('LEAKWATCH_ERR_INVALID_INPUT', `body.className: ${counted.reason}`);
  return refusal(counted.refused === 'rest' ? 'LEAKWATCH_ERR_BUSY' : 'LEAKWATCH_ERR_REFUSED', counted);
}

function refusal(
  code: 'LEAKWATCH_ERR_BUSY' | 'LEAKWATCH_ERR_REFUSED',
  { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number },
): OpsResponse {
  return problem(code, reason, retryAfter(retryAfterMs));
}
