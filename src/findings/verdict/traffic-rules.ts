/** Growth that may follow the present traffic rather than the sum of all traffic. */
import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { levelsOff } from '../../trend/levelling-off.js';
import type { PathFacts } from './path-facts.js';
import { holdsBack, type Rule } from './rule.js';

/** From this ratio on, the later half of the run had clearly more requests per second than the earlier one. */
const RAMP = 1.5;
/** Growth per request that is down to this part does not persist. */
const STEADY = 0.85;

/** Members that follow the present traffic (connections, pools, sessions that end) grow while traffic grows. */
export const rampUp: Rule<PathFacts> = ({ run, history }) => {
  if (run.pace.per !== 'request') return null;
  const ratio = trafficRatio(run.steps, history);
  if (ratio === null || ratio < RAMP) return null;
  const { paceRatio } = levelsOff(run.pace.rates);
  if (paceRatio > STEADY) return null;
  return holdsBack({ rule: 'traffic', says: 'ramp', numbers: { trafficRatio: ratio, paceRatio } });
};

/** Requests per second in the later half of some steps, as a multiple of those in the earlier half. */
function trafficRatio(steps: PathFacts['run']['steps'], history: PathFacts['history']): number | null {
  const middle = steps[steps.length >> 1]!;
  const [a, b, c] = [steps[0]!, middle, steps.at(-1)!].map((step) => history.at(step));
  if (!a || !b || !c || b.atMs <= a.atMs || c.atMs <= b.atMs) return null;
  const earlier = (b.requests - a.requests) / (b.atMs - a.atMs);
  return earlier > 0 ? (c.requests - b.requests) / (c.atMs - b.atMs) / earlier : null;
}

/** Each request in flight has a connection: members gained beyond the number of connections are no backlog. */
export const inFlight: Rule<PathFacts> = ({ suspect, run, history }) => {
  if (suspect.mechanism != null && MECHANISMS[suspect.mechanism].inFlight === true) return null;
  const [before, now] = [run.steps[0]!, run.steps.at(-1)!].map((step) => history.at(step)?.openSockets);
  if (now === null || now === undefined) return null;
  const more = Math.max(0, now - (before ?? 0));
  const mayBeInFlight = Math.max(now, 2 * more);
  if (run.gainedCount > mayBeInFlight) return null;
  return holdsBack({
    rule: 'in-flight',
    says: 'path',
    numbers: { gainedCount: run.gainedCount, openSockets: now },
    mayBeInFlight,
  });
};
