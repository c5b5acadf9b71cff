import type { Decided, OpsActs } from '../acts.js';
import type { RouteHandlers } from '../call.js';
import { NO_FINDING, problem, retryAfter } from '../problem.js';
import { json } from '../response.js';
import { begun } from './operations.js';

/** What a client can make the watcher do. */
export function createActHandlers(acts: OpsActs): Pick<RouteHandlers, 'scan' | 'collect' | 'decide'> {
  return {
    scan({ request, principal, requestId, body }) {
      const outcome = acts.scan(body, { principal: principal.id, requestId });
      if (outcome.outcome === 'refused') return problem('LEAKWATCH_ERR_REFUSED', outcome.detail);
      return begun(request, outcome);
    },
    collect() {
      const outcome = acts.collect();
      if (outcome.outcome === 'refused') return problem('LEAKWATCH_ERR_REFUSED', outcome.detail);
      if (outcome.outcome === 'busy')
        return problem('LEAKWATCH_ERR_BUSY', outcome.detail, retryAfter(outcome.retryAfterMs));
      return json(outcome.value);
    },
    decide({ principal, parameters: { id = '' }, body }) {
      const decided: Decided = { ...body, by: principal.id };
      const finding = acts.decide(id, decided);
      return finding === null ? NO_FINDING : json(finding);
    },
  };
}
