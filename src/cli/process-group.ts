import { readdirSync, readFileSync } from 'node:fs';

/** Whether there are process groups at all. */
export function hasGroups(): boolean {
  return process.platform !== 'win32';
}

/** Sends `signal` to all processes of the group that `leader` began; without groups to the leader. False: there are none. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(hasGroups() ? -leader : leader, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a process of the group still runs. A dead one counts as there for signals until its parent has asked for its
 * exit code, and in many containers nobody does that for orphans; Linux says which are dead (`proc(5)`, state Z).
 */
export function groupRuns(leader: number): boolean {
  if (!signalGroup(leader, 0)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && runsIn(leader, name));
  } catch {
    return true;
  }
}

/** `pid (name) state parent group …`, where the name may hold anything. */
function runsIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    // Gone meanwhile.
    return false;
  }
}
