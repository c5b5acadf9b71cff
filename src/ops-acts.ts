import type { Daemon } from './daemon/daemon.js';
import type { OpsActs } from './http/acts.js';
import type { Operations } from './operations/operations.js';

/** What a client can make this watcher do. */
export function createActs(daemon: Daemon, operations: Operations): OpsActs {
  const { scans, fullGcs, desk } = daemon;
  return {
    scan(input, asked) {
      const order = {
        ...asked,
        kind: 'scan',
        request: JSON.stringify(input),
        expectedMs: scans.expectedMs(input),
        coolDownMs: scans.coolDownMs,
      } as const;
      const present = operations.check(order);
      if (present !== null) return present;
      const refusal = scans.refusal();
      if (refusal !== null) return { outcome: 'refused', detail: refusal.detail };
      return operations.begin(order, (control) => scans.run(input, control));
    },
    collect() {
      const outcome = fullGcs.run();
      if (outcome.outcome !== 'collected') return outcome;
      const { atMs, pauseMs, before, after } = outcome;
      const freedBytes = before.usedBytes - after.usedBytes;
      const at = new Date(atMs).toISOString();
      return { outcome: 'collected', value: { at, pauseMs, freedBytes, before, after } };
    },
    decide: (id, decided) => desk.decide(id, decided),
  };
}
