import type { OpsCall, RouteHandlers } from '../call.js';
import { problem } from '../problem.js';
import type { OpsProfiles } from '../profiles.js';
import type { OpsResponse } from '../response.js';
import { begun, fileOf } from './operations.js';

export function createProfileHandlers({
  profiles,
}: {
  readonly profiles: OpsProfiles;
}): Pick<RouteHandlers, 'heapProfile' | 'recordHeapProfile' | 'recordCpuProfile'> {
  const record =
    (kind: 'heap' | 'cpu') =>
    (call: OpsCall<'recordHeapProfile' | 'recordCpuProfile'>): OpsResponse => {
      const { request, principal, requestId, query } = call;
      const outcome = profiles.record(kind, query.seconds, { principal: principal.id, requestId });
      if (outcome.outcome === 'refused') return problem('LEAKWATCH_ERR_REFUSED', outcome.detail);
      return begun(request, outcome);
    };
  return {
    heapProfile({ request }) {
      const files = profiles.heap();
      return 'outcome' in files ? problem('LEAKWATCH_ERR_REFUSED', files.detail) : fileOf(request, files);
    },
    recordHeapProfile: record('heap'),
    recordCpuProfile: record('cpu'),
  };
}
